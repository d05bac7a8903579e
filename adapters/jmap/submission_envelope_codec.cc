#include "adapters/jmap/submission_envelope_codec.h"

#include <algorithm>
#include <charconv>

#include "adapters/jmap/date_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

Error no_envelope(std::string_view why) { return {Errc::invalid, "envelope: " + std::string(why)}; }

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.size() > 18 || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Null stands for a parameter without value; `value` is then "".
Result<void> take_mail_parameter(const std::string& name, bool has_value, const std::string& value, SubmissionEnvelope& envelope) {
  if (name == "smtputf8" || name == "requiretls") {
    if (has_value) return no_envelope(name + " has no value");
    envelope.request.require_tls = envelope.request.require_tls || name == "requiretls";
    return {};
  }
  const std::string word = to_lower(value);
  if (name == "size" && decimal(value)) return {};
  if (name == "body" && (word == "7bit" || word == "8bitmime")) return {};
  if (name == "ret" && (word == "full" || word == "hdrs")) {
    envelope.request.ret = word == "full" ? schema::ReportReturn::full : schema::ReportReturn::headers;
    return {};
  }
  if (name == "envid" && !value.empty() && value.size() <= schema::kMaxEnvid && is_printable(value)) {
    envelope.request.envid = value;
    return {};
  }
  if (name == "holdfor" && decimal(value) && *decimal(value) <= 999'999'999) {  // RFC 4865 section 5: nine digits
    envelope.hold_for = std::chrono::seconds(*decimal(value));
    return {};
  }
  const Result<Time> until = name == "holduntil" ? date_from(value) : Result<Time>(Errc::invalid, "");
  if (!until.ok()) return no_envelope("there is no parameter '" + name.substr(0, 40) + "' of mailFrom with such a value");
  envelope.hold_until = *until;
  return {};
}

// RFC 3461 section 4.1.
std::optional<schema::Notify> notify_in(std::string_view value) {
  schema::Notify notify;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string word = to_lower(value.substr(begin, end - begin));
    bool* const flag = word == "never" ? &notify.never : word == "success" ? &notify.success : word == "failure" ? &notify.failure
                       : word == "delay" ? &notify.delay : nullptr;
    if (flag == nullptr || *flag) return std::nullopt;
    *flag = true;
    begin = end + 1;
  }
  if (notify.never && (notify.success || notify.failure || notify.delay)) return std::nullopt;
  return notify;
}

Result<void> take_rcpt_parameter(const std::string& name, bool, const std::string& value, SubmissionEnvelope::To& to) {
  if (name == "notify") {
    const auto notify = notify_in(value);
    if (!notify) return no_envelope("NOTIFY wants NEVER, or SUCCESS, FAILURE and DELAY");
    to.request.notify = *notify;
    return {};
  }
  const bool is_orcpt = name == "orcpt" && value.find(';') != std::string::npos && value.size() <= schema::kMaxOrcpt && is_printable(value);
  if (!is_orcpt) return no_envelope("there is no parameter '" + name.substr(0, 40) + "' of rcptTo with such a value");
  to.request.orcpt = value;
  return {};
}

// An Address: gives its email.
template <typename Target>
Result<std::string> take_address(const Json& address, Target& target, Result<void> (*take)(const std::string&, bool, const std::string&, Target&)) {
  if (!address.is_object()) return no_envelope("an address is an object");
  const auto email = address.find("email"), parameters = address.find("parameters");
  if (email == address.end() || !email->is_string()) return no_envelope("email wants a text");
  const std::size_t members = parameters == address.end() ? 1 : 2;
  if (address.size() != members) return no_envelope("an address has email and parameters");
  if (members == 1 || parameters->is_null()) return email->get<std::string>();
  if (!parameters->is_object()) return no_envelope("parameters wants an object");
  for (const auto& [name, value] : parameters->items()) {
    if (!value.is_string() && !value.is_null()) return no_envelope("a parameter's value is a text or null");
    TELEPOST_TRY(take(to_lower(name), !value.is_null(), value.is_null() ? std::string() : value.template get<std::string>(), target));
  }
  return email->get<std::string>();
}

}  // namespace

Result<SubmissionEnvelope> envelope_from(const Json& envelope) {
  if (!envelope.is_object() || envelope.size() != 2 || !envelope.contains("mailFrom") || !envelope.contains("rcptTo")) {
    return no_envelope("it has mailFrom and rcptTo");
  }
  SubmissionEnvelope read;
  TELEPOST_ASSIGN(read.from, take_address(envelope.at("mailFrom"), read, take_mail_parameter));
  if (read.hold_for && read.hold_until) return no_envelope("either HOLDFOR or HOLDUNTIL");
  const Json& recipients = envelope.at("rcptTo");
  if (!recipients.is_array()) return no_envelope("rcptTo wants a list");
  for (const Json& address : recipients) {
    SubmissionEnvelope::To& to = read.to.emplace_back();
    TELEPOST_ASSIGN(to.email, take_address(address, to, take_rcpt_parameter));
  }
  return read;
}

Json to_json(const SubmissionEnvelope& envelope) {
  Json recipients = Json::array();
  for (const SubmissionEnvelope::To& to : envelope.to) recipients.push_back({{"email", to.email}, {"parameters", nullptr}});
  return {{"mailFrom", {{"email", envelope.from}, {"parameters", nullptr}}}, {"rcptTo", std::move(recipients)}};
}

}  // namespace telepost::adapters::jmap
