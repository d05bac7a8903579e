#include "adapters/jmap/json_codec.h"

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::adapters::jmap {
namespace {

// U+FDD0 to U+FDEF, and the last two of each plane.
bool has_noncharacter(std::string_view text) {
  for (std::size_t at = text.find_first_of("\xef\xf0\xf1\xf2\xf3\xf4"); at < text.size();) {
    const Utf8Character character = first_character(text.substr(at));
    if ((character.code & 0xfffe) == 0xfffe || (character.code >= 0xfdd0 && character.code <= 0xfdef)) return true;
    at = text.find_first_of("\xef\xf0\xf1\xf2\xf3\xf4", at + std::max<std::size_t>(character.size_bytes, 1));
  }
  return false;
}

// The parser calls it value by value, so that nothing is built that passes a limit.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}
  Result<Json> take() {
    if (fault_) return *std::exchange(fault_, std::nullopt);
    return std::move(root_);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override {
    if (has_noncharacter(value)) return fail(Errc::invalid, "a text holds a character that is none (RFC 7493 section 2.1)");
    return add(std::move(value));
  }
  bool binary(binary_t&) override { return fail(Errc::invalid, "bytes"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (has_noncharacter(name)) return fail(Errc::invalid, "a name holds a character that is none (RFC 7493 section 2.1)");
    const auto [member, is_new] = open_.back()->get_ref<Json::object_t&>().emplace(std::move(name), nullptr);
    if (!is_new) return fail(Errc::invalid, "two members of one name (RFC 7493 section 2.3)");
    place_ = &member->second;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail(Errc::invalid, "no JSON at byte " + std::to_string(position));
  }

 private:
  bool fail(Errc kind, std::string why) {
    fault_ = Error{kind, std::move(why)};
    return false;
  }
  // Where the next value goes: the member whose name was read, the open array's end, or the root.
  Json* put(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*place_ = std::move(value));
    open_.back()->push_back(std::move(value));
    return &open_.back()->back();
  }
  bool add(Json value) {
    if (++values_ > limits_.values) return fail(Errc::too_large, "more than " + std::to_string(limits_.values) + " values");
    put(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == limits_.depth) return fail(Errc::invalid, "deeper than " + std::to_string(limits_.depth) + " levels");
    if (++values_ > limits_.values) return fail(Errc::too_large, "more than " + std::to_string(limits_.values) + " values");
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits limits_;
  Json root_;
  std::vector<Json*> open_;  // from the root; only the last one grows, so that none of them moves
  Json* place_ = nullptr;
  std::size_t values_ = 0;
  std::optional<Error> fault_;
};

}  // namespace

Result<Json> parse_i_json(std::string_view text, const JsonLimits& limits) {
  if (text.starts_with("\xef\xbb\xbf")) return {Errc::invalid, "a byte order mark (RFC 8259 section 8.1)"};
  Builder builder(limits);
  (void)Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool is_json_text(std::string_view text) { return is_valid_utf8(text) && !has_noncharacter(text); }

std::size_t weight_of(const Json& json, std::size_t most) {
  std::size_t weight = sizeof(Json);
  if (json.is_string()) return weight + json.get_ref<const std::string&>().size();
  if (json.is_object()) {
    for (const auto& [name, value] : json.get_ref<const Json::object_t&>()) {
      if (weight > most) return weight;
      weight += 64 + name.size() + weight_of(value, most - weight);
    }
  } else if (json.is_array()) {
    for (const Json& value : json) {
      if (weight > most) return weight;
      weight += weight_of(value, most - weight);
    }
  }
  return weight;
}

}  // namespace telepost::adapters::jmap
