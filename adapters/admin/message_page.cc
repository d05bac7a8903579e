#include "adapters/admin/message_page.h"

#include <algorithm>

namespace telepost::adapters::admin {
namespace {

// Newest first; of one moment the later number first, as the store orders them.
bool is_newer(const store::Listed& a, const store::Listed& b) {
  if (a.summary.received != b.summary.received) return a.summary.received > b.summary.received;
  return a.summary.local > b.summary.local;
}

}  // namespace

Result<MessagePage> MessagePage::open(store::Store& store, schema::AccountId account,
                                      const std::optional<std::string>& mailbox_path, std::uint64_t limit) {
  MessagePage page(store, account, limit == 0 ? std::uint64_t(-1) : limit);
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(account));
  std::optional<schema::MailboxId> wanted;
  if (mailbox_path) {
    TELEPOST_ASSIGN(wanted, store.mailboxes().find(account, *mailbox_path));
  }
  for (const store::MailboxInTree& node : tree) {
    if (wanted ? node.record.id != *wanted : node.record.messages == 0) continue;
    page.sources_.push_back({node.record.id, node.path, {}, {}, {}, false});
  }
  return page;
}

Result<void> MessagePage::start_behind(schema::MessageId message) {
  auto record = store_.reader().find(message);
  if (!record.ok() && record.error().kind == Errc::not_found) {
    return {Errc::not_found, to_string(message) + " is gone; go on by its received time"};
  }
  if (!record.ok()) return std::move(record).error();
  before_ = record->received;
  after_ = message.local;
  return {};
}

Result<void> MessagePage::read_ahead(Source& source, std::size_t size) {
  while (source.ahead.empty() && !source.ended) {
    TELEPOST_ASSIGN(store::ListPage page, store_.reader().list_by_received(
                                              account_, source.mailbox, source.before, source.after, size));
    source.ended = page.messages.size() < size;
    if (page.messages.empty()) break;
    source.before = page.messages.back().summary.received;
    source.after = page.messages.back().summary.local;
    source.ahead.assign(std::make_move_iterator(page.messages.begin()),
                        std::make_move_iterator(page.messages.end()));
  }
  return {};
}

Result<MessagePage::Source*> MessagePage::newest(std::size_t size) {
  Source* newest = nullptr;
  for (Source& source : sources_) {
    TELEPOST_TRY(read_ahead(source, size));
    if (source.ahead.empty()) continue;
    if (newest == nullptr || is_newer(source.ahead.front(), newest->ahead.front())) newest = &source;
  }
  return newest;
}

Result<void> MessagePage::for_each(
    const std::function<Result<void>(const std::string& path, const store::Listed&)>& visit) {
  if (sources_.empty()) return {};
  for (Source& source : sources_) {
    source.before = before_;
    source.after = after_;
  }
  // Few from each of many mailboxes, so that what is read ahead stays small; one mailbox gives the page in one read.
  const auto size = static_cast<std::size_t>(std::clamp<std::uint64_t>(limit_ / sources_.size() + 1, 8, 500));
  std::uint64_t messages = 0;
  std::optional<schema::LocalId> last;
  for (;;) {
    TELEPOST_ASSIGN(Source* const source, newest(size));
    if (source == nullptr) return {};
    const store::Listed listed = std::move(source->ahead.front());
    source->ahead.pop_front();
    if (last != listed.summary.local && messages++ == limit_) return {};
    last = listed.summary.local;
    TELEPOST_TRY(visit(source->path, listed));
  }
}

}  // namespace telepost::adapters::admin
