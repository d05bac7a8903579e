#include "transcoders/mime/quota_notice.h"

#include <fmt/format.h>

#include <array>

#include "transcoders/mime/builder.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kShown = 60;  // characters of a subject or a sender

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string shown(const std::string& text) {
  const std::string clean = clean_text(text);
  std::size_t end = std::min(clean.size(), kShown);
  while (end > 0 && end < clean.size() && (static_cast<unsigned char>(clean[end]) & 0xc0) == 0x80) --end;  // no half character
  return clean.size() > kShown ? clean.substr(0, end) + "..." : clean;
}

std::string used_text(const QuotaNotice& notice) {
  std::string text = fmt::format("It holds {} messages", notice.messages);
  if (notice.max_messages) text += fmt::format(" of {}", *notice.max_messages);
  text += " with " + size_text(notice.bytes);
  if (notice.max_bytes) text += " of " + size_text(*notice.max_bytes);
  return text + ".\n";
}

std::string text_of(const QuotaNotice& notice) {
  std::string text = fmt::format("Your mailbox is {} % full. ", notice.percent) + used_text(notice);
  if (notice.full_at) {
    text += fmt::format("\nUnless messages are deleted, it takes no more from {} on.\n", to_rfc5322_date(*notice.full_at));
  } else {
    text += "\nWhen it is full it takes no more messages, and senders are told so.\n";
  }
  text += "Deleted messages make room, also those in Trash.\n";
  if (notice.leaving.empty()) return text;
  text += "\nThese messages are deleted by themselves:\n\n";
  for (const LeavingMessage& message : notice.leaving) {
    text += fmt::format("  {}\n    {}, {}\n    {}\n", to_rfc5322_date(message.when), shown(message.from), size_text(message.size_bytes),
                        message.subject.empty() ? "(no subject)" : shown(message.subject));
  }
  if (notice.more_leave) text += "  and more after that\n";
  return text;
}

}  // namespace

Result<std::string> build_quota_notice(const QuotaNotice& notice) {
  MessageFields fields;
  fields.from = {"Telepost", "postmaster@" + notice.host};
  fields.to = {{"", notice.to}};
  fields.date = notice.date;
  fields.subject = notice.why == QuotaNotice::Why::soon_full ? fmt::format("Your mailbox is {} % full and will soon take no more", notice.percent)
                                                             : fmt::format("Your mailbox is {} % full", notice.percent);
  fields.message_id = notice.id + "@" + notice.host;
  fields.importance = schema::Importance::high;
  fields.more = {{"Auto-Submitted", "auto-generated"}};  // RFC 3834 section 5
  return build_email(fields, text_of(notice), "", {});
}

}  // namespace telepost::transcoders::mime
