// An email's body as RFC 8621 section 4.1.4 shows it: parts, and the text of those that have one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/jmap/blob_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/header_codec.h"
#include "schema/message.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/rendition.h"

namespace telepost::adapters::jmap {

inline constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{512} << 10;  // read: as the scanner keeps of all headers

// By the names under which they are answered.
using HeaderProperties = std::vector<std::pair<std::string, HeaderProperty>>;

// What a client wants of parts and their texts; the arguments of Email/get and Email/parse.
struct BodyWanted {
  Names properties;  // of EmailBodyPart
  HeaderProperties headers;
  bool text_values = false, html_values = false, all_values = false;
  std::uint64_t max_value_bytes = 0;  // 0: no limit but ours
};
// Errors: invalid.
Result<BodyWanted> read_body_wanted(Arguments& arguments);

// What the texts of one method call may have together, and of one part.
inline constexpr std::size_t kMostValueBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMostValuesBytes = std::size_t{32} << 20;
struct ValueBudget {
  std::size_t bytes = kMostValuesBytes;
};

// Of one message. Its parts are named by its blob. All of it outlives this.
class EmailBody {
 public:
  EmailBody(const BlobId& blob, const schema::Part& root, const transcoders::mime::ReadRange& read, const BodyWanted& wanted)
      : blob_(blob), root_(root), read_(read), wanted_(wanted), sorted_(transcoders::mime::body_structure(root)) {}

  Result<Json> structure() const { return part(root_, Inner::shown); }
  Result<Json> text() const { return list(sorted_.text); }
  Result<Json> html() const { return list(sorted_.html); }
  Result<Json> attachments() const { return list(sorted_.attachments); }
  bool has_attachment() const { return sorted_.has_attachment; }
  // Errors: too_large, where the call has had too much.
  Result<Json> values(ValueBudget& budget) const;

 private:
  enum class Inner : unsigned char { hidden, shown };  // subParts
  Result<Json> part(const schema::Part& part, Inner inner) const;
  Result<Json> list(const std::vector<const schema::Part*>& parts) const;
  Result<void> add_header(Json& json, const schema::Part& part) const;

  const BlobId& blob_;
  const schema::Part& root_;
  const transcoders::mime::ReadRange& read_;
  const BodyWanted& wanted_;
  const transcoders::mime::BodyStructure sorted_;
};

}  // namespace telepost::adapters::jmap
