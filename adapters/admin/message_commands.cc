#include "adapters/admin/commands.h"
#include "adapters/admin/message_page.h"
#include "adapters/admin/operator_act.h"
#include "adapters/admin/rendering.h"
#include "schema/document.h"
#include "store/undelete.h"

namespace telepost::adapters::admin {
namespace {

using schema::AccountId;
using schema::MailboxId;
using schema::MessageId;

constexpr std::uint64_t kPageByDefault = 50;

Result<std::string> path_of(store::Store& store, AccountId account, MailboxId mailbox) {
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(account));
  for (const store::MailboxInTree& node : tree) {
    if (node.record.id == mailbox) return node.path;
  }
  return {Errc::corrupt,
          "a message lies in mailbox " + std::to_string(mailbox.value) + ", which does not exist"};
}

Result<MessageId> message_argument(Arguments& args) {
  TELEPOST_ASSIGN(const std::string id, args.text("id"));
  return message_named(id);
}

// The mailbox that `path` names, or without one the only mailbox in which the message lies.
Result<MailboxId> placed_in(store::Store& store, MessageId id, const std::optional<std::string>& path) {
  if (path) return store.mailboxes().find(id.account, *path);
  TELEPOST_ASSIGN(const schema::MessageRecord record, store.reader().find(id));
  for (const schema::Placement& placement : record.placements) {
    if (placement.mailbox != record.placements.front().mailbox) {
      return {Errc::invalid, "the message lies in several mailboxes; say from which (--from MAILBOX)"};
    }
  }
  return record.placements.front().mailbox;
}

Result<std::string> bytes_of(store::Store& store, MessageId id, schema::ByteRange range, const store::ReadOptions& options) {
  std::string bytes;
  TELEPOST_TRY(store.reader().source(id, range.offset, range.size, options, [&](std::string_view piece) {
    bytes += piece;
    return true;
  }));
  return bytes;
}

Result<void> answer_message(store::Store& store, MessageId id, Exchange& exchange) {
  TELEPOST_ASSIGN(const store::Listed listed, store.reader().summary(id));
  TELEPOST_ASSIGN(const schema::MessageRecord record, store.reader().find(id));
  TELEPOST_ASSIGN(const std::string path, path_of(store, id.account, record.placements.front().mailbox));
  return exchange.object(to_json(id.account, path, listed));
}

// Whether a message that was just deleted can be brought back, and until when.
Result<void> add_keeping(Json& object, store::Store& store, MessageId id, Time since) {
  object["kept"] = false;
  return store.undelete().list(id.account, since, [&](const store::Undelete::Deleted& deleted) {
    if (deleted.id != id) return true;
    object["kept"] = true;
    object["purge"] = deleted.purge ? to_rfc3339(*deleted.purge) : "held";
    return false;
  });
}

}  // namespace

std::function<void()> tells_that_it_waits(Exchange& exchange) {
  return [&exchange, told = false]() mutable {
    if (!std::exchange(told, true)) (void)exchange.notice("the message lies in the archive; fetching it may take a while");
  };
}

Result<void> list_messages(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const std::optional<std::string> mailbox, args.optional_text("mailbox"));
  TELEPOST_ASSIGN(const std::optional<std::string> before, args.optional_text("before"));
  TELEPOST_ASSIGN(const std::uint64_t limit, args.number_or("limit", kPageByDefault));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(MessagePage page, MessagePage::open(store, account, mailbox, limit));
  if (before) {
    if (const auto id = schema::message_id_from(*before); id.ok()) {
      if (id->account != account) return {Errc::invalid, *before + " belongs to another account"};
      TELEPOST_TRY(page.start_behind(*id));
    } else {
      TELEPOST_ASSIGN(const Time time, time_from(*before));
      page.start_before(time);
    }
  }
  return page.for_each([&](const std::string& path, const store::Listed& listed) {
    return exchange.object(to_json(account, path, listed));
  });
}

Result<void> show_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const MessageId id, message_argument(args));
  TELEPOST_ASSIGN(const bool as_subscriber, args.flag("as_subscriber"));
  TELEPOST_TRY(args.done());
  const store::ReadOptions reading{as_subscriber ? store::Purpose::subscriber : store::Purpose::store, tells_that_it_waits(exchange)};
  TELEPOST_ASSIGN(const schema::MessageRecord record, store.reader().find(id));
  TELEPOST_ASSIGN(const store::Listed listed, store.reader().summary(id));
  TELEPOST_ASSIGN(const std::string xml, store.reader().document(id));
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(xml));
  TELEPOST_ASSIGN(const std::vector<std::string> annotations, store.reader().annotations(id));
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(id.account));
  Json placements = Json::array();
  for (const schema::Placement& placement : record.placements) {
    for (const store::MailboxInTree& node : tree) {
      if (node.record.id == placement.mailbox) {
        placements.push_back({{"mailbox", node.path}, {"uid", placement.uid.value}});
      }
    }
  }
  const std::string path = placements.empty() ? "" : placements.front()["mailbox"].get<std::string>();
  Json object = to_json(id.account, path, listed);
  object["account"] = to_string(id.account);
  object["placements"] = std::move(placements);
  object["annotations"] = annotations.size();
  object["tier"] = record.tier == schema::Tier::archived ? "archived" : "online";
  if (record.accessed) object["accessed"] = to_rfc3339(*record.accessed);
  add_document(object, document);
  TELEPOST_TRY(add_rendition(object, document.root, [&](schema::ByteRange range) { return bytes_of(store, id, range, reading); }));
  return exchange.object(object);
}

Result<void> delete_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const MessageId id, message_argument(args));
  TELEPOST_ASSIGN(const std::optional<std::string> mailbox, args.optional_text("mailbox"));
  TELEPOST_ASSIGN(const bool on_server_only, args.flag("server_only"));
  TELEPOST_TRY(args.done());
  if (mailbox && on_server_only) return {Errc::invalid, "a message that is taken out of one mailbox stays on the server; leave one of the two out"};
  TELEPOST_ASSIGN(const store::ClockState clock, store.clock());
  TELEPOST_TRY(store.reader().find(id));
  const std::string act = mailbox ? "taken out of " + *mailbox : on_server_only ? "deleted on the server only" : "deleted";
  TELEPOST_TRY(record_act(store, schema::AuditRecord::Action::message_deleted, id.account, act, {id.local}));
  if (!mailbox) {
    const schema::Reach reach = on_server_only ? schema::Reach::server_only : schema::Reach::all_clients;
    TELEPOST_TRY(store.changer().expunge(id, schema::Removal::expunged, reach));
  } else {
    TELEPOST_ASSIGN(const MailboxId from, store.mailboxes().find(id.account, *mailbox));
    TELEPOST_TRY(store.changer().remove_placement(id, from));
    if (store.reader().find(id).ok()) return exchange.object({{"id", to_string(id)}, {"deleted", false}, {"taken_out_of", *mailbox}});
  }
  Json object = {{"id", to_string(id)}, {"deleted", true}};
  TELEPOST_TRY(add_keeping(object, store, id, clock.store));
  return exchange.object(object);
}

Result<void> move_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const MessageId id, message_argument(args));
  TELEPOST_ASSIGN(const std::optional<std::string> from_path, args.optional_text("from"));
  TELEPOST_ASSIGN(const std::string to_path, args.text("to"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const MailboxId from, placed_in(store, id, from_path));
  TELEPOST_ASSIGN(const MailboxId to, store.mailboxes().find(id.account, to_path));
  TELEPOST_ASSIGN(const schema::Uid uid, store.changer().move(id, from, to));
  return exchange.object({{"id", to_string(id)}, {"mailbox", to_path}, {"uid", uid.value}});
}

Result<void> copy_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const MessageId id, message_argument(args));
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_ASSIGN(const std::string to_path, args.text_or("to", "INBOX"));
  TELEPOST_TRY(args.done());
  AccountId account = id.account;
  if (who) {
    TELEPOST_ASSIGN(account, account_named(store, *who));
  }
  TELEPOST_ASSIGN(const MailboxId to, store.mailboxes().find(account, to_path));
  if (account == id.account) {
    TELEPOST_ASSIGN(const schema::Uid uid, store.changer().copy(id, to));
    return exchange.object({{"id", to_string(id)}, {"mailbox", to_path}, {"uid", uid.value}});
  }
  TELEPOST_ASSIGN(const MessageId copied, store.changer().copy_to_account(id, account, to));
  return exchange.object({{"id", to_string(copied)}, {"mailbox", to_path}, {"copy_of", to_string(id)}});
}

Result<void> flag_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const MessageId id, message_argument(args));
  TELEPOST_ASSIGN(const std::vector<std::string> add, args.texts("add"));
  TELEPOST_ASSIGN(const std::vector<std::string> remove, args.texts("remove"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store.changer().set_keywords(id, add, remove));
  return answer_message(store, id, exchange);
}

}  // namespace telepost::adapters::admin
