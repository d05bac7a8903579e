#include "adapters/smtp/authentication/dkim_sign.h"

#include <algorithm>
#include <array>

#include "adapters/smtp/authentication/dkim_verify.h"
#include "adapters/smtp/authentication/dmarc.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::size_t kLine = 76;

// RFC 6376 section 5.4.1, and what else would change how a reader understands the message.
constexpr std::array<std::string_view, 23> kSigned = {
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-language",
    "resent-from", "resent-to", "resent-date", "resent-message-id", "list-id", "list-post", "list-unsubscribe",
    "list-unsubscribe-post"};

// Every field that there is, and From once more, so that no second one can be put before it (section 8.15).
std::vector<std::string> signed_names(const Header& header) {
  std::vector<std::string> names;
  for (const std::string_view name : kSigned) {
    const auto count = std::count_if(header.begin(), header.end(), [name](const HeaderField& field) { return field.name == name; });
    for (auto i = count; i > 0 && names.size() < kMaxSignedFields; --i) names.emplace_back(name);
    if (name == "from") names.emplace_back(name);
  }
  return names;
}

// "; tag=value" on the line if it fits, else on a new one.
void append_tag(std::string& field, std::size_t& line, const std::string& tag) {
  field += ";";
  if (line + tag.size() + 2 > kLine) {
    field += "\r\n\t" + tag;
    line = tag.size() + 1;
  } else {
    field += " " + tag;
    line += tag.size() + 2;
  }
}

// What may be cut anywhere (base64) or behind its separators.
void append_long_tag(std::string& field, std::string_view name, std::string_view value, bool anywhere) {
  field.append(";\r\n\t").append(name).append("=");
  std::size_t line = name.size() + 2;
  while (!value.empty()) {
    std::size_t size = value.size();
    if (anywhere) size = std::min(size, kLine - line);
    else size = std::min(value.find(':') == std::string_view::npos ? size : value.find(':') + 1, size);
    if (!anywhere && line + size > kLine) field += "\r\n\t ", line = 2;
    field.append(value.substr(0, size));
    value.remove_prefix(size);
    line += size;
    if (anywhere && !value.empty()) field += "\r\n\t ", line = 2;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ":") + name;
  return text;
}

Result<std::string> signature_field(const SigningKey& key, const Header& header, const Digest& body, Time now) {
  Signature signature;
  signature.header = Canonical::relaxed;
  signature.fields = signed_names(header);
  std::string field = "DKIM-Signature: v=1";
  std::size_t line = field.size();
  append_tag(field, line, "a=" + std::string(name_of(key.key.algorithm())));
  append_tag(field, line, "c=relaxed/relaxed");
  append_tag(field, line, "d=" + key.domain);
  append_tag(field, line, "s=" + key.selector);
  append_tag(field, line, "t=" + std::to_string(to_millis(now) / 1000));
  append_long_tag(field, "h", joined(signature.fields), false);
  append_long_tag(field, "bh", to_base64(body.view()), true);
  Header with_signature = header;
  with_signature.push_back(header_field_from(field + ";\r\n\tb=\r\n"));
  TELEPOST_ASSIGN(const std::string octets, key.key.sign(signed_header(with_signature, header.size(), signature)));
  append_long_tag(field, "b", to_base64(octets), true);
  return field + "\r\n";
}

}  // namespace

Result<std::string> DkimSigner::finish() {
  if (!header_.ended()) (void)header_.rest();
  const std::optional<std::string> author = author_domain(header_.header());
  const Digest body = body_.finish().digest;
  std::string fields;
  if (!author) return fields;
  const std::vector<const SigningKey*> keys = keys_.of(*author);
  if (!keys.empty() && header_.is_truncated()) return {Errc::too_large, "the header is too long to be signed"};
  for (const SigningKey* const key : keys) {
    TELEPOST_ASSIGN(const std::string field, signature_field(*key, header_.header(), body, now_));
    fields += field;
  }
  return fields;
}

}  // namespace telepost::adapters::smtp::authentication
