#include "adapters/smtp/authors.h"

#include <algorithm>

#include "adapters/smtp/data_codec.h"
#include "adapters/smtp/path_codec.h"
#include "store/accounts.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::smtp {
namespace {

// By BDAT a field may hold a bare CR or LF, behind which others see another field.
bool has_bare_line_end(const authentication::Header& header) {
  LineEndWatch watch;
  for (const authentication::HeaderField& field : header) watch.see(field.raw);
  watch.end();
  return watch.has_bare_line_end();
}

}  // namespace

bool is_one_of(const std::vector<std::string>& own, const Path& path) {
  const auto is_there = [&own](const Path& one) {
    const Result<std::string> address = store::canonical_address(mailto_of(one));
    return address.ok() && std::find(own.begin(), own.end(), *address) != own.end();
  };
  Path without_detail = path;
  without_detail.local = path.local.substr(0, path.local.find('+', 1));
  return is_there(path) || is_there(without_detail);
}

std::string_view AuthorExamination::see(std::string_view content) {
  if (!header_.ended()) (void)header_.pass(content);
  return content;
}

net::Awaitable<Examined> AuthorExamination::conclude() {
  (void)header_.rest();
  Examined examined;
  examined.refusal = refusal();
  co_return examined;
}

// What names somebody and cannot be read is not ours: another reader might find him there.
bool AuthorExamination::are_own(std::string_view value, std::size_t& mailboxes) const {
  const auto named = transcoders::mime::parse_addresses(transcoders::mime::unfold(value), kMostAuthors + 1);
  mailboxes += named.size();
  if (named.empty()) return value.find('@') == std::string_view::npos;
  return mailboxes <= kMostAuthors && std::all_of(named.begin(), named.end(), [this](const transcoders::mime::Mailbox& mailbox) {
    const std::string text = "<" + mailbox.address + ">";
    std::string_view rest(text);
    const std::optional<Path> path = parse_path(rest);
    return path && rest.empty() && !path->domain.empty() && is_one_of(own_, *path);
  });
}

std::optional<Reply> AuthorExamination::refusal() const {
  if (header_.is_truncated()) return Reply{554, "5.6.0", "The header is too long to be looked at"};
  if (has_bare_line_end(header_.header())) return Reply{554, "5.6.0", "The header's lines end in CRLF and nothing else"};
  std::size_t authors = 0, senders = 0;
  bool authors_are_own = true, senders_are_own = true;
  for (const authentication::HeaderField& field : header_.header()) {
    if (field.name == "from") authors_are_own = are_own(field.value(), authors) && authors_are_own;
    if (field.name == "sender") senders_are_own = are_own(field.value(), senders) && senders_are_own;
  }
  if (!authors_are_own) return Reply{550, "5.7.1", "From names an address that is not one of yours"};
  if (authors > 1 && !senders_are_own) return Reply{550, "5.7.1", "Sender names an address that is not one of yours"};
  return std::nullopt;
}

}  // namespace telepost::adapters::smtp
