#include "adapters/net/scram_codec.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hmac.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxNonce = 256;

Error broken(std::string_view what) { return {Errc::invalid, "SCRAM: " + std::string(what)}; }

// Takes "x=value" up to the next comma or the end.
std::optional<std::string_view> take_attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return {};
  const std::string_view value = rest.substr(2, rest.find(',') - 2);
  rest.remove_prefix(2 + value.size());
  if (!rest.empty()) rest.remove_prefix(1);
  return value;
}

// saslname: "=2C" is a comma, "=3D" an equals sign (RFC 5802 section 5.1).
Result<std::string> decode_name(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      name.push_back(text[i]);
      continue;
    }
    const std::string_view code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return broken("a name with a bare =");
    name.push_back(code == "=2C" ? ',' : '=');
    i += 2;
  }
  if (name.size() > kMaxName || !is_valid_utf8(name) || name.find('\0') != std::string::npos) return broken("no such name can be");
  return name;
}

bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNonce && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

std::string operator^(const Digest& a, const Digest& b) {
  std::string mixed(a.bytes.size(), '\0');
  for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] = static_cast<char>(a.bytes[i] ^ b.bytes[i]);
  return mixed;
}

}  // namespace

// gs2-header (RFC 5802 section 7): "n,,", "y,,", "p=tls-exporter,a=authzid,".
Result<void> ScramServer::take_header(std::string_view& rest) {
  const std::string_view whole = rest;
  const std::string_view flag = rest.substr(0, rest.find(','));
  if (flag.size() == rest.size()) return broken("the header does not end");
  rest.remove_prefix(flag.size() + 1);
  if (flag.starts_with("p=") && flag.size() > 2) binding_type_ = flag.substr(2);
  else if (flag != "n" && flag != "y") return broken("an unknown channel binding flag");
  if (rest.starts_with("a=")) {
    TELEPOST_ASSIGN(authorization_, decode_name(*take_attribute(rest, 'a')));
  } else {
    if (!rest.starts_with(",")) return broken("a header without its second comma");
    rest.remove_prefix(1);
  }
  header_ = whole.substr(0, whole.size() - rest.size());
  // Section 6: a client that could bind, and was told that we cannot, was lied to by somebody in between.
  if (flag == "y" && plus_ == Plus::offered) return {Errc::denied, "SCRAM: the offer of channel binding was taken away"};
  if (binding_type_.empty() != (plus_ != Plus::chosen)) return broken("a binding flag of the other mechanism");
  return {};
}

Result<void> ScramServer::take_first(std::string_view message) {
  std::string_view rest = message;
  TELEPOST_TRY(take_header(rest));
  first_bare_ = rest;
  if (rest.starts_with("m=")) return {Errc::unsupported, "SCRAM: a mandatory extension"};
  const auto name = take_attribute(rest, 'n');
  if (!name) return broken("no name");
  TELEPOST_ASSIGN(name_, decode_name(*name));
  const auto nonce = take_attribute(rest, 'r');
  if (!nonce || !is_nonce(*nonce)) return broken("no nonce");
  nonce_ = *nonce;
  return {};
}

std::string ScramServer::first(const ScramCredentials& credentials, std::string_view nonce) {
  nonce_ += nonce;
  std::string message = "r=" + nonce_ + ",s=" + to_base64(credentials.salt) + ",i=" + std::to_string(credentials.iterations);
  auth_message_ = first_bare_ + "," + message + ",";
  return message;
}

Result<std::size_t> ScramServer::take_final(std::string_view message, const ScramCredentials& credentials,
                                            const std::optional<std::string>& binding) {
  const std::size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return broken("no proof");
  std::string_view rest = message.substr(0, proof_at);
  const auto proof = from_base64(message.substr(proof_at + 3));
  auth_message_ += rest;
  const auto channel = take_attribute(rest, 'c');
  const auto nonce = take_attribute(rest, 'r');
  if (!channel || !nonce || !proof.ok() || proof->size() != Digest{}.bytes.size()) return broken("a final message of another shape");
  const Result<std::string> bound = from_base64(*channel);
  if (!bound.ok()) return broken("a channel that is no base64");
  const bool is_bound = binding_type_.empty() || binding.has_value();
  if (*nonce != nonce_ || !is_bound || !equal_in_constant_time(*bound, header_ + binding.value_or(""))) {
    return {Errc::denied, "SCRAM: another nonce or channel"};
  }
  // All are tried, whichever it is.
  std::optional<std::size_t> proved;
  const Digest given = digest_from_bytes(*proof);
  for (std::size_t i = 0; i < credentials.keys.size(); ++i) {
    const Digest& stored = credentials.keys[i].stored_key;
    const Digest made = sha256(given ^ hmac_sha256(stored.view(), auth_message_));
    if (equal_in_constant_time(made.view(), stored.view())) proved = i;
  }
  if (!proved) return {Errc::denied, "SCRAM: the proof is wrong"};
  return *proved;
}

std::string ScramServer::final(const ScramKeys& keys) const {
  return "v=" + to_base64(hmac_sha256(keys.server_key.view(), auth_message_).view());
}

}  // namespace telepost::adapters::net
