// The seam between the store and what keeps archived sources: a second folder, a bucket. One name, one object, written once and
// whole. Every call may block for as long as the place takes to answer, and may be made from any thread.
//
// An archive is slower than the store, may be away for days, and may then be back. The store keeps what it needs to list, search and
// remove without it, and never forgets an object that may lie there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/archive_name.h"

namespace telepost::store {

// Errors of every call: unavailable and timeout (it does not answer, or not now), denied (it does not let us), io, cancelled.
class Archive {
 public:
  virtual ~Archive() = default;

  // Durable at return. What lay under the name is replaced. Errors: disk_full.
  virtual Result<void> put(const schema::ArchiveName& name, std::string_view bytes) = 0;
  // Errors: not_found, too_large (over the limit; it is not what was put there).
  virtual Result<std::string> get(const schema::ArchiveName& name, std::uint64_t limit_bytes) = 0;
  // What is not there is removed already.
  virtual Result<void> remove(const schema::ArchiveName& name) = 0;

  using Visitor = std::function<bool(const schema::ArchiveName& name, std::uint64_t size_bytes)>;  // false ends it
  // Of an account or of all, in no order.
  virtual Result<void> list(std::optional<schema::AccountId> account, const Visitor& visit) = 0;

  // Whose archive it is: a few bytes that the first store leaves, so that no other one takes it for its own.
  // None also where nothing is there; only set_owner() begins an archive.
  virtual Result<std::optional<std::string>> owner() = 0;
  virtual Result<void> set_owner(std::string_view owner) = 0;

  // Gives back what removals left, as far as it can.
  virtual Result<void> compact() = 0;
  // The place may be another by now, as where a folder is mounted over an empty one: what is kept open of it is closed, and the next call
  // looks again.
  virtual void let_go() {}
  // Calls under way and later ones give cancelled as soon as they can.
  virtual void stop() = 0;
};

}  // namespace telepost::store
