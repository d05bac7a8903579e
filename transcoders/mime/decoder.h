// A transfer encoding undone piece by piece (RFC 2045 section 6), for parts that are larger than memory.
//
//   Decoder decoder(part.encoding);
//   for each range of the part's body, in order: decoder.feed(range, bytes);   // appends to bytes; hand them on and clear
//   decoder.finish(bytes);
//
// What comes out depends on the bytes alone, never on how they were cut into ranges, and is what decode_transfer() gives
// for the whole. Nothing fails: what no encoder would have written is skipped (base64) or stays as it stands
// (quoted-printable). An unknown encoding, 7bit, 8bit and binary give the bytes themselves; so does uuencode, which is no
// encoding of MIME and stays text. Holds at most kMaxPendingBytes. One message, one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace telepost::transcoders::mime {

class Decoder {
 public:
  // White space before a line end, which goes (RFC 2045 section 6.7 rule 3), waits here; a longer run is content.
  static constexpr std::size_t kMaxPendingBytes = 4096;

  explicit Decoder(std::string_view encoding);

  // Appends at most encoded.size() + kMaxPendingBytes bytes.
  void feed(std::string_view encoded, std::string& bytes);
  // Everything was fed: what waits is decided.
  void finish(std::string& bytes);

 private:
  enum class Encoding : std::uint8_t { identity, base64, quoted_printable };

  void feed_base64(std::string_view encoded, std::string& bytes);
  void feed_quoted(std::string_view encoded, std::string& bytes);
  bool goes_on(char c, std::string& bytes);

  Encoding encoding_ = Encoding::identity;
  std::uint32_t group_ = 0;   // base64: the letters of an open group
  unsigned digits_ = 0;       // how many
  bool ended_ = false;        // base64: the padding was seen
  std::string pending_;       // quoted-printable: "=…", or white space and CR whose line end has not come
};

}  // namespace telepost::transcoders::mime
