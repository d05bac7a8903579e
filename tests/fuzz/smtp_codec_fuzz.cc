// SMTP commands and DATA. The first byte seeds how the input is cut into chunks; whatever the cut, the decoder must agree
// with a model that sees everything at once, and parsing must accept only what its grammar says.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/line_codec.h"
#include "adapters/smtp/codec.h"
#include "adapters/smtp/data_codec.h"
#include "adapters/net/header_codec.h"
#include "adapters/smtp/path_codec.h"
#include "base/bytes.h"
#include "base/unicode.h"
#include "tests/unit/smtp_data_model.h"

namespace {

namespace smtp = telepost::adapters::smtp;
namespace net = telepost::adapters::net;

void require(bool holds) {
  if (!holds) std::abort();
}

void decode_in_chunks(std::string_view raw, unsigned seed) {
  const telepost::test::DataModel model = telepost::test::model_of_data(raw);
  smtp::DataDecoder decoder;
  std::string content;
  std::size_t taken = 0;
  while (taken < raw.size() && !decoder.ended()) {
    seed = seed * 1103515245u + 12345u;
    std::string_view chunk = raw.substr(taken, 1 + (seed >> 16) % 7);
    while (!chunk.empty() && !decoder.ended()) {
      const std::size_t before = chunk.size();
      content += decoder.next(chunk);
      taken += before - chunk.size();
    }
  }
  require(decoder.ended() == model.end.has_value());
  if (model.end) {
    require(taken == *model.end && content == model.content && decoder.has_bare_line_end() == model.bare);
  } else {
    // A dot or dot-CR may still be withheld.
    require(content.size() <= model.content.size() && model.content.size() - content.size() <= 2);
    require(model.content.starts_with(content));
  }
}

// Content as chunks bring it: cutting must not change what is seen of it.
void watch_in_chunks(std::string_view raw, unsigned seed) {
  smtp::LineEndWatch cut_ends, ends;
  net::HeaderWatch cut_header, header;
  ends.see(raw);
  header.see(raw);
  for (std::string_view rest = raw; !rest.empty();) {
    seed = seed * 1103515245u + 12345u;
    const std::string_view chunk = rest.substr(0, 1 + (seed >> 16) % 7);
    cut_ends.see(chunk);
    cut_header.see(chunk);
    rest.remove_prefix(chunk.size());
  }
  cut_ends.end();
  ends.end();
  require(cut_ends.has_bare_line_end() == ends.has_bare_line_end());
  require(cut_header.hops() == header.hops() && cut_header.has_date() == header.has_date());
  require(cut_header.has_message_id() == header.has_message_id() && cut_header.tls_optional() == header.tls_optional());
}

void check_path(const smtp::Path& path) {
  require(path.local.size() <= smtp::kMaxLocalPart && path.domain.size() <= smtp::kMaxDomain);
  require(telepost::is_valid_utf8(path.text) && path.text.find_first_of("\r\n") == std::string::npos);
  if (path.is_null()) return;
  // What an address is written as reads back as the same path.
  std::string again = smtp::mailto_of(path);
  again = "<" + again.substr(again.find(':') + 1) + ">";
  std::string_view rest = again;
  const auto reparsed = smtp::parse_path(rest);
  require(reparsed && reparsed->local == path.local && reparsed->domain == path.domain);
}

void parse(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  if (const auto* mail = std::get_if<smtp::Mail>(&command)) check_path(mail->from);
  if (const auto* rcpt = std::get_if<smtp::Rcpt>(&command)) check_path(rcpt->to);
  if (const auto* mail = std::get_if<smtp::Mail>(&command)) {
    require(mail->request.envid.size() <= telepost::schema::kMaxEnvid && mail->request.envid == mail->envid.value_or(""));
    require(mail->request.envid.find_first_of("\r\n") == std::string::npos);
  }
  if (const auto* rcpt = std::get_if<smtp::Rcpt>(&command)) {
    const telepost::schema::Notify& notify = rcpt->request.notify;
    require(!(notify.never && (notify.success || notify.failure || notify.delay)));
    require(rcpt->request.orcpt.size() <= telepost::schema::kMaxOrcpt && telepost::is_harmless_text(rcpt->request.orcpt));
  }
  if (const auto* xclient = std::get_if<smtp::Xclient>(&command)) {
    for (const smtp::Xclient::Attribute& attribute : xclient->attributes) {
      require(!attribute.value || (!attribute.value->empty() && telepost::is_harmless_text(*attribute.value)));
    }
  }
  if (const auto* refused = std::get_if<smtp::Refused>(&command)) {
    std::string text;
    smtp::append(text, refused->reply);
    require(text.size() < 512 && text.find('\n') == text.size() - 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size_bytes);
  decode_in_chunks(input.substr(1), bytes[0]);
  watch_in_chunks(input.substr(1), bytes[0]);
  std::string_view rest = input.substr(1);
  while (!rest.empty()) {
    const net::LineScan scan = net::scan_line(rest, smtp::kMaxCommandLine);
    if (scan.status != net::LineScan::Status::complete) break;
    require(scan.size_bytes >= 2 && scan.size_bytes <= smtp::kMaxCommandLine);
    const std::string_view line = rest.substr(0, scan.size_bytes - 2);
    require(line.find_first_of("\r\n") == std::string_view::npos);
    parse(line);
    rest.remove_prefix(scan.size_bytes);
  }
  parse(input.substr(1, smtp::kMaxCommandLine));
  return 0;
}
