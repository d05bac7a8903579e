#include "adapters/access/sign_in_codec.h"

#include <algorithm>
#include <utility>

#include "adapters/access/json_codec.h"

namespace telepost::adapters::access {
namespace {

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// One object of texts: the parser calls it value by value, so that nothing else is ever built.
class TextsReader final : public nlohmann::json_sax<Json> {
 public:
  std::map<std::string, std::string, std::less<>> texts;
  bool ended = false;

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(number_integer_t) override { return false; }
  bool number_unsigned(number_unsigned_t) override { return false; }
  bool number_float(number_float_t, const string_t&) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
  bool start_object(std::size_t) override { return !std::exchange(begun_, true); }
  bool end_object() override { return ended = true; }
  bool key(string_t& name) override {
    key_ = name;
    return begun_ && !texts.contains(name);
  }
  bool string(string_t& value) override {
    if (!begun_) return false;
    texts.emplace(key_, value);
    return true;
  }

 private:
  bool begun_ = false;
  std::string key_;
};

}  // namespace

const std::string& Fields::operator[](std::string_view name) const {
  static const std::string nothing;
  const auto found = texts.find(name);
  return found == texts.end() ? nothing : found->second;
}

Result<Fields> fields_from(std::string_view body, const FieldNames& names) {
  TextsReader reader;
  if (!Json::sax_parse(body.begin(), body.end(), &reader) || !reader.ended)
    return {Errc::invalid, "the body must be a JSON object whose members are texts, each once"};
  for (const auto& [name, text] : reader.texts) {
    const auto is_it = [&, &key = name](std::string_view one) { return one == key; };
    if (std::none_of(names.required.begin(), names.required.end(), is_it) && std::none_of(names.optional.begin(), names.optional.end(), is_it)) {
      return {Errc::invalid, "nobody knows the member '" + name.substr(0, 80) + "'"};
    }
    if (text.size() > kMaxTextBytes || has_controls(text)) return {Errc::invalid, name + " is longer than 512 bytes, or has control letters"};
  }
  for (const std::string_view name : names.required) {
    const auto found = reader.texts.find(name);
    if (found == reader.texts.end() || found->second.empty()) return {Errc::invalid, std::string(name) + " is missing"};
  }
  return Fields{std::move(reader.texts)};
}

Result<void> fits_as_password(std::string_view password) {
  const auto letters = std::count_if(password.begin(), password.end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (letters < static_cast<std::ptrdiff_t>(kLeastPasswordLetters)) return {Errc::invalid, "a password has 8 letters at least"};
  return {};
}

net::HttpReply json_reply(std::string text) {
  net::HttpReply reply;
  reply.content_type = "application/json";
  reply.body = std::move(text);
  reply.fields = {{"Cache-Control", "no-store"}};
  reply.packing = net::HttpReply::Packing::never;
  return reply;
}

net::HttpReply problem_of(unsigned status, std::string_view type, std::string_view detail) {
  net::HttpReply reply = json_reply(to_text({{"type", "urn:telepost:access:" + std::string(type)}, {"status", status}, {"detail", detail}}));
  reply.status = status;
  reply.content_type = "application/problem+json";
  return reply;
}

std::string signed_in(schema::AccountId account, std::string_view username) {
  return to_text({{"account", schema::to_string(account)}, {"username", username}});
}

std::string session_list(const std::vector<store::Token>& tokens, std::uint64_t own, const schema::OauthClients& clients) {
  Json sessions = Json::array();
  for (const store::Token& token : tokens) {
    const schema::OauthClient* const client = schema::find_client(clients, token.client);
    Json one = {{"family", std::to_string(token.family)},
                {"kind", token.client.empty() ? "session" : "grant"},
                {"label", token.label},
                {"scopes", schema::names_of(token.scopes)},
                {"created", to_rfc3339(token.created)},
                {"used", to_rfc3339(token.used)},
                {"expires", to_rfc3339(token.expires)},
                {"address", token.peer},
                {"isThis", token.family == own}};
    if (!token.client.empty()) one["client"] = {{"id", token.client}, {"name", client == nullptr ? token.client : client->name}};
    sessions.push_back(std::move(one));
  }
  return to_text({{"sessions", std::move(sessions)}});
}

std::string enrolment(const store::Enrolment& enrolment) { return to_text({{"secret", enrolment.secret}, {"uri", enrolment.uri}}); }

std::string recovery_codes(const std::vector<std::string>& codes) { return to_text({{"recoveryCodes", codes}}); }

std::string second_factor_state(const store::SecondFactor::State& state) {
  return to_text({{"isOn", state.is_on}, {"isPending", state.is_pending}, {"recoveryCodes", state.recovery_codes}});
}

}  // namespace telepost::adapters::access
