// The structure of a MIME message in one bounded pass over its bytes, as the network brings them (RFC 5322,
// 2045, 2046).
//
//   Scanner scanner;
//   while (...) {
//     scanner.feed(chunk);                                     // any size; the chunk may go afterwards
//     for (const Stretch& done : scanner.take_stretches()) …;  // closed: done.range is final
//     const OpenStretch open = scanner.open_stretch();         // bytes [open.begin, open.safe_end) are surely its own
//   }
//   Structure structure = scanner.finish();
//
// Malformed mail is still mail: nothing fails. What breaks a rule is named in Structure::defects; beyond a
// limit the rest is one opaque leaf. The result depends on the bytes alone, never on how they were cut into
// chunks. Why not a library's parser: mimetic keeps no byte ranges, takes no chunks, and throws on small
// malformed multiparts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "schema/message.h"

namespace telepost::transcoders::mime {

// What one message may cost. Whatever its size: header bytes kept, plus about 500 bytes a part.
struct Limits {
  std::size_t parts = 1000;                    // at least 1; the last one allowed takes all the rest
  std::size_t depth = 50;                      // containers inside one another; deeper ones are opaque
  std::size_t header_bytes = 64u << 10;        // kept of one part's header; the rest is counted, not read
  std::size_t header_bytes_total = 512u << 10; // kept of all headers; then the rest is opaque
  std::size_t fields = 1000;                   // kept of the message's own header
  std::size_t content_fields = 500;            // kept of all inner parts (PartField)
};

// One field of the message's own header.
struct RawField {
  std::string name;         // as it stands
  std::string value;        // unfolded (RFC 5322 section 2.2.3), trimmed, otherwise as it stands: may be 8-bit
  schema::ByteRange range;  // from the name's first byte to behind the last line end
  bool operator==(const RawField&) const = default;
};

// A Content-* field of an inner part for which schema::Part has no place, such as Content-Duration (RFC 3801
// section 4.2.5).
struct PartField {
  std::string part_id;
  std::string name;
  std::string value;  // as RawField::value
  bool operator==(const PartField&) const = default;
};

// The first bytes of the text that a reader would see first: the first text/plain leaf that is no attachment,
// else the first such text/html; not inside message/rfc822. For the preview.
struct TextSample {
  std::string part_id;  // "" where the message has no text
  bool html = false;
  std::string encoding;
  std::string charset;
  std::string bytes;  // as encoded; at most kPlainSampleBytes or kHtmlSampleBytes
  bool operator==(const TextSample&) const = default;
};
inline constexpr std::size_t kPlainSampleBytes = 2u << 10;
inline constexpr std::size_t kHtmlSampleBytes = 16u << 10;

// Offsets count from the first byte that was fed. Ranges nest: children lie, in order and disjoint, in their
// parent's body.
//
// Part numbers (RFC 9051 section 6.4.5.1): a message's own root is "1", or "" when it is a multipart, whose
// children are "1", "2", …; so also inside message/rfc822, behind its number: the root inside "4" is "4.1", or
// "" with children "4.1", "4.2". A message/rfc822 or message/global part has one child, the root inside it;
// none where it is encoded. lines counts a last line without line end too. A multipart without boundary or
// without any part is a text/plain leaf.
struct Structure {
  schema::Part root;                      // complete: types, names and encodings of all parts are decoded
  std::vector<RawField> header;           // in their order
  std::vector<PartField> content_fields;  // in the order of the parts
  TextSample text;
  std::vector<std::string> defects;       // in words, each once
  std::uint64_t size_bytes = 0;           // of all that was fed
  bool operator==(const Structure&) const = default;
};

// The source cut for storage: stretches follow each other without gaps from offset 0 to the end. Each leaf's
// body is one stretch (if it is not empty); what lies between (headers, delimiters, preambles, epilogues) is in
// the others, which can be large too. Cut any stretch from its begin.
struct Stretch {
  schema::ByteRange range;
  bool leaf = false;  // range is the body of a leaf of Structure::root
  bool operator==(const Stretch&) const = default;
};

struct OpenStretch {
  std::uint64_t begin = 0;
  // Not yet decided and so not included: a last line end and the possible delimiter after it, at most 1004
  // bytes.
  std::uint64_t safe_end = 0;
  bool leaf = false;  // a leaf's body, or a multipart's preamble, which is a leaf in the end if no part follows
};

// One message, one thread at a time. feed() and the getters may be called until finish(), which is called once.
class Scanner {
 public:
  explicit Scanner(const Limits& limits = {});
  ~Scanner();
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;

  void feed(std::string_view chunk);
  // Everything fed so far was the whole message. Afterwards take_stretches() has the last ones.
  Structure finish();

  std::uint64_t size_bytes() const;      // fed so far
  OpenStretch open_stretch() const;      // before finish()
  std::vector<Stretch> take_stretches(); // closed since the last call, in order

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

// For a message that is in memory as a whole.
Structure scan(std::string_view message, const Limits& limits = {});

}  // namespace telepost::transcoders::mime
