#include "transcoders/mime/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "base/unicode.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxHeaderBack = 16u << 10;  // of the message, in its report
constexpr std::size_t kMaxReply = 900;

// RFC 6533 section 3: utf-8-addr-xtext, for where only ASCII goes.
std::string unicode_xtext(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const char32_t code = character.code;
    if (code > 0x20 && code < 0x7f && code != '+' && code != '=' && code != '\\') out.push_back(static_cast<char>(code));
    else out += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(code));
    text.remove_prefix(character.size_bytes);
  }
  return out;
}

// Without what could end a line or a field.
std::string one_line(std::string_view text) { return std::string(truncate_utf8(clean_text(text), kMaxReply)); }

std::string typed_address(std::string_view address, bool international) {
  if (is_ascii(address)) return "rfc822; " + one_line(address);
  return "utf-8; " + (international ? one_line(address) : unicode_xtext(clean_text(address)));
}

// ORCPT is "type;address" (RFC 3461 section 4.2).
std::string original_recipient(std::string_view orcpt, bool international) {
  const std::size_t semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos) return typed_address(orcpt, international);
  const std::string_view address = orcpt.substr(semicolon + 1);
  if (!is_ascii(address)) return typed_address(address, international);
  return one_line(orcpt.substr(0, semicolon)) + "; " + one_line(address);
}

// What counts most to a reader comes first in the enumeration.
ReportAction worst_of(const DeliveryReport& report) {
  ReportAction worst = ReportAction::expanded;
  for (const ReportedRecipient& recipient : report.recipients) worst = std::min(worst, recipient.action);
  return worst;
}

std::string_view subject_of(ReportAction action) {
  switch (action) {
    case ReportAction::failed: return "Your message could not be delivered";
    case ReportAction::delayed: return "Your message is delayed";
    case ReportAction::delivered: return "Your message was delivered";
    case ReportAction::relayed: return "Your message was passed on";
    case ReportAction::expanded: return "Your message was passed on to a list";
  }
  return "";
}

std::string_view opening_of(ReportAction action) {
  switch (action) {
    case ReportAction::failed: return "Your message could not be delivered to:";
    case ReportAction::delayed: return "Your message is still on its way; you need not send it again. It could not be delivered yet to:";
    case ReportAction::delivered: return "Your message was delivered to:";
    case ReportAction::relayed: return "Your message was passed on to a server that sends no reports of success, for:";
    case ReportAction::expanded: return "Your message was passed on to a list:";
  }
  return "";
}

std::string text_part(const DeliveryReport& report) {
  std::string text = "This is the mail server " + one_line(report.host) + ".\r\n";
  for (const ReportAction action : {ReportAction::failed, ReportAction::delayed, ReportAction::delivered, ReportAction::relayed, ReportAction::expanded}) {
    bool first = true;
    for (const ReportedRecipient& recipient : report.recipients) {
      if (recipient.action != action) continue;
      if (std::exchange(first, false)) text.append("\r\n").append(opening_of(action)).append("\r\n");
      text += "\r\n  <" + one_line(recipient.address) + ">\r\n";
      if (!recipient.reply.empty()) {
        text += recipient.remote.empty() ? "    Reason: " : "    " + one_line(recipient.remote) + " answered: ";
        text += one_line(recipient.reply) + "\r\n";
      }
      if (recipient.retry_until) text += "    It is tried again until " + to_rfc5322_date(*recipient.retry_until) + ".\r\n";
    }
  }
  return text;
}

void append_status_field(std::string& status, std::string_view name, std::string_view value) {
  status.append(name).append(": ").append(value).append("\r\n");
}

std::string status_part(const DeliveryReport& report, bool international) {
  std::string status;
  append_status_field(status, "Reporting-MTA", "dns; " + one_line(report.host));
  if (!report.envid.empty()) append_status_field(status, "Original-Envelope-Id", one_line(report.envid));
  append_status_field(status, "Arrival-Date", to_rfc5322_date(report.arrived));
  for (const ReportedRecipient& recipient : report.recipients) {
    status += "\r\n";
    if (!recipient.orcpt.empty()) append_status_field(status, "Original-Recipient", original_recipient(recipient.orcpt, international));
    append_status_field(status, "Final-Recipient", typed_address(recipient.address, international));
    append_status_field(status, "Action", name_of(recipient.action));
    append_status_field(status, "Status", status_of(recipient.reply, recipient.action));
    if (!recipient.remote.empty()) append_status_field(status, "Remote-MTA", "dns; " + one_line(recipient.remote));
    if (!recipient.reply.empty()) {
      const std::string reply = one_line(recipient.reply);
      append_status_field(status, "Diagnostic-Code", "smtp; " + (international || is_ascii(reply) ? reply : unicode_xtext(truncate_utf8(reply, 100))));
    }
    append_status_field(status, "Last-Attempt-Date", to_rfc5322_date(recipient.last_attempt));
    if (recipient.retry_until) append_status_field(status, "Will-Retry-Until", to_rfc5322_date(*recipient.retry_until));
  }
  return status;
}

bool fits_7bit_mail(std::string_view bytes) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') continue;
    if (c == '\n') {
      if (i == 0 || bytes[i - 1] != '\r') return false;
      column = 0;
      continue;
    }
    if (c == '\r' || c == '\0' || (c & 0x80) != 0 || ++column > 998) return false;
  }
  return true;
}

// Whole fields only, as far as they fit.
std::string bounded_header(std::string_view header) {
  std::size_t position = 0, end = 0;
  FieldView field;
  while (next_field(header, position, field) && field.end <= kMaxHeaderBack) end = field.end;
  std::string bounded(header.substr(0, end));
  if (!bounded.empty() && !bounded.ends_with("\r\n")) bounded += "\r\n";
  return bounded;
}

std::string returned_part(const DeliveryReport& report, bool international) {
  if (report.content && (international || fits_7bit_mail(*report.content))) {
    const bool seven_bit = fits_7bit_mail(*report.content);
    return std::string("Content-Description: The message\r\nContent-Type: ") + (seven_bit ? "message/rfc822" : "message/global") +
           "\r\nContent-Transfer-Encoding: " + (seven_bit ? "7bit" : "8bit") + "\r\n\r\n" + *report.content;
  }
  const std::string header = bounded_header(report.header);
  const bool seven_bit = fits_7bit_mail(header);
  const bool global = international && !seven_bit && is_valid_utf8(header);
  std::string part = "Content-Description: The message's header\r\nContent-Type: ";
  part += global ? "message/global-headers" : "text/rfc822-headers";
  // RFC 6522 section 3: a header that is not 7-bit is encoded.
  if (!seven_bit && !global) return part + "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encode_base64_lines(header);
  return part + "\r\nContent-Transfer-Encoding: " + (seven_bit ? "7bit" : "8bit") + "\r\n\r\n" + header;
}

// In-Reply-To and References of an answer (RFC 5322 section 3.6.4).
std::string thread_fields(std::string_view header) {
  std::string fields, id, references;
  std::size_t position = 0;
  for (FieldView field; next_field(header, position, field);) {
    if (equals_ignoring_case(field.name, "Message-ID") && id.empty()) id = parse_message_id(field.raw_value);
    if (!equals_ignoring_case(field.name, "References")) continue;
    for (const std::string& reference : parse_message_ids(field.raw_value, 20)) {
      if (is_printable_ascii(reference) && reference.size() < 250) references += " <" + reference + ">\r\n";
    }
  }
  if (id.empty() || !is_printable_ascii(id) || id.find_first_of(" <>") != std::string::npos || id.size() > 900) return "";
  return "In-Reply-To: <" + id + ">\r\nReferences:" + references + " <" + id + ">\r\n";
}

}  // namespace

std::string_view name_of(ReportAction action) {
  switch (action) {
    case ReportAction::failed: return "failed";
    case ReportAction::delayed: return "delayed";
    case ReportAction::delivered: return "delivered";
    case ReportAction::relayed: return "relayed";
    case ReportAction::expanded: return "expanded";
  }
  return "";
}

std::string status_of(std::string_view reply, ReportAction action) {
  // "550 5.1.1 …", "550-5.1.1 …"
  if (reply.size() >= 9 && (reply[3] == ' ' || reply[3] == '-')) {
    const std::string_view code = reply.substr(4, std::min(reply.find(' ', 4), reply.size()) - 4);
    const bool shaped = code.size() >= 5 && code.size() <= 9 && code[1] == '.' && code.find('.', 2) != std::string_view::npos &&
                        code.find_first_not_of("0123456789.") == std::string_view::npos && code.back() != '.' &&
                        std::count(code.begin(), code.end(), '.') == 2 && std::string_view("245").find(code[0]) != std::string_view::npos;
    if (shaped) return std::string(code);
  }
  switch (action) {
    case ReportAction::failed: return reply.starts_with('4') ? "4.0.0" : "5.0.0";
    case ReportAction::delayed: return "4.0.0";
    case ReportAction::delivered:
    case ReportAction::relayed:
    case ReportAction::expanded: return "2.0.0";
  }
  return "5.0.0";
}

bool is_international(const DeliveryReport& report) { return !is_ascii(report.to); }

std::string build_report(const DeliveryReport& report) {
  const bool international = is_international(report);
  const std::string text = text_part(report);
  const std::string status = status_part(report, international);
  const std::string returned = returned_part(report, international);
  std::string boundary;
  // One that no part holds: a part may be an earlier report of ours.
  for (unsigned salt = 0; boundary.empty() || (text + status + returned).find(boundary) != std::string::npos; ++salt) {
    boundary = "report-" + to_hex(sha256(fmt::format("{} {} {}", report.id, report.to, salt))).substr(0, 24);
  }
  const bool seven_bit = is_ascii(text);
  std::string message = "Date: " + to_rfc5322_date(report.date) + "\r\nFrom: Mail Delivery System <MAILER-DAEMON@" + one_line(report.host) +
                        ">\r\nTo: <" + one_line(report.to) + ">\r\nSubject: " + std::string(subject_of(worst_of(report))) +
                        "\r\nMessage-ID: <" + one_line(report.id) + "@" + one_line(report.host) + ">\r\n" + thread_fields(report.header) +
                        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=" +
                        (international ? "global-delivery-status" : "delivery-status") + ";\r\n\tboundary=\"" + boundary + "\"\r\n\r\n";
  message += "--" + boundary + "\r\nContent-Description: For people\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " +
             (seven_bit ? "7bit\r\n\r\n" + text : "quoted-printable\r\n\r\n" + encode_quoted_printable(text));
  message += "\r\n--" + boundary + "\r\nContent-Description: For programs\r\nContent-Type: message/" +
             (international ? "global-delivery-status" : "delivery-status") +
             (is_ascii(status) ? "\r\n\r\n" : "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + status;
  return message + "\r\n--" + boundary + "\r\n" + returned + "\r\n--" + boundary + "--\r\n";
}

}  // namespace telepost::transcoders::mime
