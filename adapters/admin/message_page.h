// A page of an account's messages, newest first, over one mailbox or over all of them merged by received time.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace telepost::adapters::admin {

class MessagePage {
 public:
  // limit: messages of the page; 0 is all. Errors: not_found (account, mailbox).
  static Result<MessagePage> open(store::Store& store, schema::AccountId account,
                                  const std::optional<std::string>& mailbox_path, std::uint64_t limit);

  // Begins with what was received earlier than this.
  void start_before(Time time) { before_ = time - Duration(1); }
  // Begins behind this message, the last of the page before. not_found: it is gone.
  Result<void> start_behind(schema::MessageId message);

  // A message that lies in several of the mailboxes is visited once for each of them and counted once.
  Result<void> for_each(
      const std::function<Result<void>(const std::string& path, const store::Listed&)>& visit);

 private:
  // What is read ahead of one mailbox.
  struct Source {
    schema::MailboxId mailbox;
    std::string path;
    std::deque<store::Listed> ahead;
    std::optional<schema::LocalId> after;
    std::optional<Time> before;
    bool ended = false;
  };
  MessagePage(store::Store& store, schema::AccountId account, std::uint64_t limit)
      : store_(store), account_(account), limit_(limit) {}
  Result<void> read_ahead(Source& source, std::size_t size);
  Result<Source*> newest(std::size_t size);

  store::Store& store_;
  const schema::AccountId account_;
  const std::uint64_t limit_;
  std::optional<Time> before_;
  std::optional<schema::LocalId> after_;
  std::vector<Source> sources_;
};

}  // namespace telepost::adapters::admin
