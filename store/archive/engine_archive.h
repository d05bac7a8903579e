// An archive on an engine of its own: with RocksDB, a second folder on cheaper disks. An object is cut as the engine wants its values.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "store/archive/archive.h"
#include "store/engine/engine.h"

namespace telepost::store {

class EngineArchive final : public Archive {
 public:
  // Errors: not_found (there is none, and none is to be made).
  enum class Missing { stays, is_made };
  using Open = std::function<Result<std::unique_ptr<Engine>>(Missing)>;
  // Opened at the first call, and again at the first call after one that the disk failed: a folder that is not mounted yet, or not any
  // more, keeps nobody from starting. Made by set_owner() alone: else one would come to be where a folder is not mounted.
  explicit EngineArchive(Open open) : open_(std::move(open)) {}

  Result<void> put(const schema::ArchiveName& name, std::string_view bytes) override;
  Result<std::string> get(const schema::ArchiveName& name, std::uint64_t limit_bytes) override;
  Result<void> remove(const schema::ArchiveName& name) override;
  Result<void> list(std::optional<schema::AccountId> account, const Visitor& visit) override;
  Result<std::optional<std::string>> owner() override;
  Result<void> set_owner(std::string_view owner) override;
  Result<void> compact() override;
  void let_go() override;
  void stop() override {}  // a disk's calls are short

 private:
  Result<std::shared_ptr<Engine>> found(Missing missing);
  Result<std::shared_ptr<Engine>> opened();
  Error failed(const std::shared_ptr<Engine>& engine, const Error& error);
  Result<void> commit(const std::shared_ptr<Engine>& engine, CommitList list);
  Result<std::optional<std::uint64_t>> size_of(const std::shared_ptr<Engine>& engine, const schema::ArchiveName& name);
  Result<void> list_account(const std::shared_ptr<Engine>& engine, schema::AccountId account, const Visitor& visit, bool& go_on);

  const Open open_;
  std::mutex mutex_;
  std::shared_ptr<Engine> engine_;  // guarded by mutex_; null until it opens
};

}  // namespace telepost::store
