// Reads XML by Xerces-C++, the one library that parses XML here. Always UTF-8, always with namespaces; never
// a DTD (a DOCTYPE is refused), an entity of somebody's own, an external anything or the network. Limits are
// checked while bytes come in, so that a hostile file costs bounded memory. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::schema::xml {

struct Limits {
  std::uint64_t bytes = std::uint64_t{8} << 20;        // of the whole text
  std::uint64_t token_bytes = std::uint64_t{1} << 20;  // between two events: one tag, comment or run of text
  std::uint32_t depth = 128;
  std::uint64_t elements = 100'000;
  std::uint32_t attributes = 64;  // of one element
};

struct Attribute {
  std::string uri;  // "" without a prefix
  std::string name;
  std::string value;
};

// Namespace declarations and xsi: attributes are not among the attributes.
struct Element {
  std::string uri;
  std::string name;
  std::vector<Attribute> attributes;
  std::uint64_t line = 0;  // where its start tag ends
};

// What happens with the events, in document order. An error ends the parse; parse() gives it back, an invalid
// one with line and column in front.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Result<void> start(const Element& element) = 0;
  virtual Result<void> text(
      std::string_view utf8) = 0;  // may come in several pieces, each of whole characters
  virtual Result<void> end() = 0;
};

class Grammar;  // schema/xml/grammar.h

// Fills at most size bytes; 0 is the end.
using ByteSource = std::function<Result<std::size_t>(char* bytes, std::size_t size)>;

// With a grammar the text is also validated. Errors: too_large (a limit), invalid (not well-formed, not
// valid, a DOCTYPE), those of the handler and the source.
Result<void> parse(std::string_view xml, const Limits& limits, Handler& handler,
                   const Grammar* grammar = nullptr);
Result<void> parse(const ByteSource& source, const Limits& limits, Handler& handler,
                   const Grammar* grammar = nullptr);

// Takes an element's attributes one by one, and then knows which nobody wanted. The raw attribute that Writer
// leaves is looked through: take() gives the exact bytes.
class Attributes {
 public:
  explicit Attributes(const Element& element) : element_(element) {}
  std::optional<std::string> take(std::string_view name);
  std::string take_or_empty(std::string_view name) { return take(name).value_or(std::string()); }
  // Missing, or not digits, fails the whole: ask finish().
  std::uint64_t take_number(std::string_view name);
  std::string take_required(std::string_view name);
  void fail(std::string why);               // keeps the first
  std::optional<std::string> exact_text();  // the element's text where it needed raw
  Result<void> finish();                    // invalid: what failed, or an attribute that nobody took

 private:
  std::optional<std::string> exact(std::string_view name);
  const Element& element_;
  std::uint64_t taken_ = 0;  // one bit per attribute; Limits keep them at 64
  std::string failure_;
};

}  // namespace telepost::schema::xml
