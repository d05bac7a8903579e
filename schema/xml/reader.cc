#include "schema/xml/reader.h"

#include <charconv>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "schema/xml/grammar.h"
#include "schema/xml/parser.h"

namespace telepost::schema::xml {
namespace {

// Parsers that validate nothing, kept by each thread: making one costs more than reading a document with it.
thread_local std::unique_ptr<Parser> idle_parser;

}  // namespace

Result<void> parse(const ByteSource& source, const Limits& limits, Handler& handler, const Grammar* grammar) {
  std::unique_ptr<Parser> parser = grammar != nullptr ? grammar->take_parser() : std::move(idle_parser);
  if (parser == nullptr) parser = std::make_unique<Parser>(nullptr);
  TELEPOST_TRY(parser->parse(source, limits, handler));
  if (grammar != nullptr) {
    grammar->put_parser(std::move(parser));
  } else {
    idle_parser = std::move(parser);
  }
  return {};
}

Result<void> parse(std::string_view xml, const Limits& limits, Handler& handler, const Grammar* grammar) {
  if (xml.size() > limits.bytes) {
    return {Errc::too_large, "the XML is larger than " + std::to_string(limits.bytes) + " bytes"};
  }
  const ByteSource source = [rest = xml](char* bytes, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(size, rest.size());
    std::memcpy(bytes, rest.data(), count);
    rest.remove_prefix(count);
    return count;
  };
  return parse(source, limits, handler, grammar);
}

std::optional<std::string> Attributes::exact(std::string_view name) {
  for (std::size_t i = 0; i < element_.attributes.size(); ++i) {
    const Attribute& attribute = element_.attributes[i];
    if (attribute.name != "raw" || !attribute.uri.empty()) continue;
    taken_ |= std::uint64_t{1} << i;
    std::string_view rest = attribute.value;
    while (!rest.empty()) {
      const std::string_view entry = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
      if (entry.size() <= name.size() || !entry.starts_with(name) || entry[name.size()] != ':') continue;
      auto bytes = from_base64(entry.substr(name.size() + 1));
      if (bytes.ok()) return std::move(bytes).value();
      fail("the raw attribute of <" + element_.name + "> holds bad base64");
    }
  }
  return std::nullopt;
}

std::optional<std::string> Attributes::take(std::string_view name) {
  for (std::size_t i = 0; i < element_.attributes.size(); ++i) {
    const Attribute& attribute = element_.attributes[i];
    if (attribute.name != name || !attribute.uri.empty()) continue;
    taken_ |= std::uint64_t{1} << i;
    if (attribute.value.find("\xef\xbf\xbd") != std::string::npos) {  // only then a raw form can be there
      if (auto bytes = exact(name)) return bytes;
    }
    return attribute.value;
  }
  return std::nullopt;
}

std::optional<std::string> Attributes::exact_text() {
  return exact(".");
}

std::string Attributes::take_required(std::string_view name) {
  auto value = take(name);
  if (!value) fail("<" + element_.name + "> lacks the attribute " + std::string(name));
  return std::move(value).value_or(std::string());
}

std::uint64_t Attributes::take_number(std::string_view name) {
  const std::string text = take_required(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    fail("the attribute " + std::string(name) + " of <" + element_.name + "> is no number");
  }
  return value;
}

void Attributes::fail(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

Result<void> Attributes::finish() {
  for (std::size_t i = 0; i < element_.attributes.size() && failure_.empty(); ++i) {
    if ((taken_ >> i & 1) != 0 || element_.attributes[i].name == "raw") continue;
    fail("<" + element_.name.substr(0, 40) + "> has the unknown attribute " +
         element_.attributes[i].name.substr(0, 40));
  }
  if (!failure_.empty()) return {Errc::invalid, failure_};
  return {};
}

}  // namespace telepost::schema::xml
