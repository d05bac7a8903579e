// A part of an email that a client makes (EmailBodyPart in Email/set, RFC 8621 section 4.6): read and checked whole, then written piece by
// piece.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/call.h"
#include "adapters/jmap/set_codec.h"

namespace telepost::adapters::jmap {

class NewPart {
 public:
  using Write = std::function<Result<void>(std::string_view)>;

  // What parts are read with: where their texts and blobs are, and what is wrong with them, gathered over all.
  struct Reading {
    Call& call;
    schema::AccountId account;
    const Json& values;                     // bodyValues
    std::vector<std::string> faults = {};   // properties
    std::string description = {};           // of the first of them
    std::vector<std::string> no_blobs = {};  // ids
    std::uint64_t blob_bytes = 0;
    std::size_t parts = 0;
    void fault(const std::string& property, const std::string& why) {
      faults.push_back(property);
      if (description.empty()) description = why;
    }
  };
  // `path`: the property that it stands in, for faults. An error is one of the store.
  static Result<NewPart> read(Reading& reading, const Json& object, const std::string& path);
  static NewPart multipart(std::string subtype, std::vector<NewPart> children);
  static NewPart empty_text();

  const std::string& type() const { return type_; }
  bool is_inline_with_cid() const { return is_inline_ && has_cid_; }
  // Names of the header fields that it has besides its own Content fields, in lower case.
  const std::vector<std::string>& fields() const { return fields_; }

  // Its header without the empty line, then its body. `seed` makes the boundaries.
  Result<void> write(const Write& write, const std::string& seed) const;

 private:
  static constexpr std::size_t kMostParts = 500;
  static constexpr unsigned kMostLevels = 20;
  static Result<NewPart> read(Reading& reading, const Json& object, const std::string& path, unsigned level);
  Result<void> read_content(Reading& reading, const Json& object, const std::string& path, unsigned level);
  Result<void> read_children(Reading& reading, const Json& children, const std::string& path, unsigned level);
  void read_text(Reading& reading, const Json& object, const std::string& path);
  Result<void> read_blob(Reading& reading, const Json& object, const std::string& path);
  void read_header(Reading& reading, const Json& object, const std::string& path);
  Result<void> write_blob(const Write& write) const;
  Result<void> write_children(const Write& write, const std::string& boundary, const std::string& seed) const;

  std::string type_;
  std::string header_;  // all fields but a multipart's Content-Type
  std::string text_;    // encoded
  std::shared_ptr<Blob> blob_;
  std::vector<NewPart> children_;
  std::vector<std::string> fields_;
  bool is_inline_ = false, has_cid_ = false;
};

}  // namespace telepost::adapters::jmap
