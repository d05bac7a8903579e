// The parts of a message while they are open: used by Scanner alone, which finds the lines and tells it what
// they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "transcoders/mime/header.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {

// Where the scanner stands: at the start of a line, or at the end of the message.
struct LinePosition {
  std::uint64_t offset = 0;          // of the line
  std::uint64_t previous_line = 0;   // of the line before it
  std::uint64_t newlines = 0;        // in all lines before it
  unsigned eol_bytes = 0;            // of the line end before it, 0 to 2
};

// A delimiter line (RFC 2046 section 5.1.1) of an open multipart.
struct Delimiter {
  std::size_t level = 0;
  bool close = false;
};

class PartTree {
 public:
  explicit PartTree(const Limits& limits);

  bool in_header() const { return in_header_; }
  bool seeks_delimiters() const { return seeks_delimiters_; }
  // Of the message or of one inside it.
  bool at_first_byte() const { return in_header_ && header_.empty() && stack_.back().root; }

  // The header's next line or a piece of it; kept as far as the limits allow.
  void header_line(std::string_view bytes);
  void header_piece(std::string_view bytes);
  void defect(std::string_view text);

  // The header ends and the body begins at `at`. in_header() holds afterwards if the body is a message.
  void begin_body(const LinePosition& at);

  // line: without its line end. The innermost multipart whose delimiter it is.
  std::optional<Delimiter> match(std::string_view line) const;
  // The delimiter line stands at `at`, the next line begins at next_offset.
  void delimiter(const Delimiter& delimiter, const LinePosition& at, std::uint64_t next_offset);

  // Bytes that surely belong to the open body, in their order.
  void body(std::string_view bytes);

  Structure finish(const LinePosition& end, std::uint64_t size_bytes);

  OpenStretch open_stretch() const { return {stretch_begin_, 0, digesting_}; }
  std::vector<Stretch> take_stretches() { return std::exchange(stretches_, {}); }

 private:
  enum class Shape : std::uint8_t { leaf, multipart, message };
  struct Open {
    schema::Part part;
    std::string boundary;
    std::string prefix;               // of its children's numbers
    std::uint64_t newlines_at_body = 0;
    std::size_t children = 0;         // begun so far
    Shape shape = Shape::leaf;
    bool root = false;                // of the message or of a message/rfc822
    bool closed = false;              // a multipart's close delimiter was seen
  };
  struct BodyEnd {
    std::uint64_t offset = 0;
    std::uint64_t newlines = 0;
    std::uint64_t last_line = 0;
  };

  void begin_part(std::uint64_t offset, bool root);
  void begin_rest(std::uint64_t offset, const LinePosition& at);
  void read_header(Open& open);
  void keep_fields(const Open& open);
  void choose_shape(Open& open);
  void number(Open& open);
  void start_sample(const Open& open);
  void close_top(const BodyEnd& end);
  void close_leaf(Open& open, const BodyEnd& end);
  void close_stretch(std::uint64_t end, bool leaf);
  void update_delimiters();
  std::string_view outer_prefix() const;

  const Limits limits_;
  Structure structure_;
  std::vector<Open> stack_;      // outermost first; never empty until finish()
  std::vector<Stretch> stretches_;
  std::uint64_t stretch_begin_ = 0;
  std::string header_;           // kept bytes of the open header
  std::size_t header_total_ = 0;
  std::size_t line_begin_ = 0;   // of the header's last line in header_
  Sha256 hasher_;
  std::size_t parts_ = 0;
  bool hashed_ = false;          // the hasher holds bytes
  bool in_header_ = true;
  bool header_full_ = false;
  bool digesting_ = false;       // a leaf's body or a preamble is open
  bool sampling_ = false;
  bool rest_ = false;            // a limit was passed: what follows is one opaque leaf
  bool seeks_delimiters_ = false;
};

}  // namespace telepost::transcoders::mime
