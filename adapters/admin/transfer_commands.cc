// Messages that leave or enter as files: export and import, and delivery from the command line.
#include <unistd.h>

#include <functional>

#include "adapters/admin/commands.h"
#include "adapters/admin/line_ends.h"
#include "adapters/admin/rendering.h"
#include "adapters/net/header_codec.h"
#include "base/bytes.h"
#include "base/random.h"
#include "schema/document.h"
#include "schema/export.h"
#include "store/submission.h"

namespace telepost::adapters::admin {
namespace {

using schema::AccountId;
using schema::MessageId;

// Of one imported file's content: it is held in memory, for its batch needs its digest and parts first.
constexpr std::uint64_t kMaxImportBytes = std::uint64_t{128} << 20;

Result<void> send_source(store::Store& store, MessageId id, std::uint64_t offset, std::uint64_t size, Exchange& exchange,
                         const std::function<Result<void>(std::string_view)>& send) {
  Result<void> sent;
  TELEPOST_TRY(store.reader().source(id, offset, size, {store::Purpose::store, tells_that_it_waits(exchange)}, [&](std::string_view bytes) {
    sent = send(bytes);
    return sent.ok();
  }));
  return sent;
}

Result<schema::ExportedState> state_of(store::Store& store, MessageId id) {
  TELEPOST_ASSIGN(const schema::MessageRecord record, store.reader().find(id));
  TELEPOST_ASSIGN(const store::Listed listed, store.reader().summary(id));
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(id.account));
  schema::ExportedState state{{}, listed.summary.keywords, record.created, record.modseq};
  for (const schema::Placement& placement : record.placements) {
    for (const store::MailboxInTree& node : tree) {
      if (node.record.id == placement.mailbox) state.placements.push_back({node.path, placement.uid});
    }
  }
  return state;
}

Result<void> export_xml(store::Store& store, MessageId id, Exchange& exchange) {
  TELEPOST_ASSIGN(const schema::ExportedState state, state_of(store, id));
  TELEPOST_ASSIGN(const std::string document, store.reader().document(id));
  TELEPOST_ASSIGN(const std::vector<std::string> annotations, store.reader().annotations(id));
  schema::ExportWriter writer([&](std::string_view xml) { return exchange.bytes(xml); });
  TELEPOST_TRY(writer.begin(document, annotations, state));
  TELEPOST_TRY(send_source(store, id, 0, std::uint64_t(-1), exchange,
                           [&](std::string_view bytes) { return writer.content(bytes); }));
  return writer.finish();
}

// What a file of ours holds. Only kept when read_export() says that it is whole.
class ImportedFile final : public schema::ImportHandler {
 public:
  Result<void> document(const schema::Document& document) override {
    message.document = document;
    message.trace_size_bytes = document.trace_size_bytes;
    return {};
  }
  Result<void> annotation(const schema::Annotation& annotation) override {
    message.annotations.push_back(annotation);
    return {};
  }
  Result<void> state(const schema::ExportedState& state) override {
    placements = state.placements;
    message.keywords = state.keywords;
    return {};
  }
  Result<void> content(std::string_view source_bytes) override {
    message.source.append(source_bytes);
    return {};
  }

  store::MessageChanger::Appended message;
  std::vector<schema::ExportedPlacement> placements;
};

// What the schema cannot say: that each part lies in the content and is what its digest says.
Result<void> check_part(const schema::Part& part, std::string_view source) {
  for (const schema::ByteRange& range : {part.header, part.body}) {
    if (range.offset > source.size() || range.size > source.size() - range.offset) {
      return {Errc::invalid, "part '" + part.id + "' lies beyond the content"};
    }
  }
  if (part.digest && *part.digest != sha256(source.substr(part.body.offset, part.body.size))) {
    return {Errc::invalid, "part '" + part.id + "' is not what its digest says"};
  }
  for (const schema::Part& child : part.children) TELEPOST_TRY(check_part(child, source));
  return {};
}

// Feeds what the caller sends to a reader that asks for so many bytes.
class ContentSource {
 public:
  ContentSource(Exchange& exchange, std::string first) : exchange_(exchange), waiting_(std::move(first)) {}
  Result<std::size_t> fill(char* bytes, std::size_t size) {
    if (position_ == waiting_.size()) {
      TELEPOST_ASSIGN(waiting_, exchange_.content());
      position_ = 0;
    }
    const std::size_t taken = waiting_.copy(bytes, size, position_);
    position_ += taken;
    return taken;
  }

 private:
  Exchange& exchange_;
  std::string waiting_;
  std::size_t position_ = 0;
};

// The mailboxes that the file names, made where they are missing. A file without any goes to INBOX.
Result<void> place(store::Store& store, AccountId account, ImportedFile& file, bool keep_uids) {
  if (file.placements.empty()) file.placements.push_back({"INBOX", schema::Uid{0}});
  for (const schema::ExportedPlacement& placement : file.placements) {
    auto mailbox = store.mailboxes().find(account, placement.mailbox);
    if (!mailbox.ok() && mailbox.error().kind == Errc::not_found) {
      mailbox = store.mailboxes().create(account, placement.mailbox);
    }
    if (!mailbox.ok()) return std::move(mailbox).error();
    file.message.placements.push_back({*mailbox, keep_uids ? placement.uid : schema::Uid{0}});
  }
  return {};
}

struct ImportOptions {
  std::optional<AccountId> account;
  bool new_id = false;
  std::optional<std::string> mailbox;
};

Result<void> import_xml(store::Store& store, const ImportOptions& options, std::string first,
                        Exchange& exchange) {
  ImportedFile file;
  ContentSource content(exchange, std::move(first));
  TELEPOST_TRY(schema::read_export([&](char* bytes, std::size_t size) { return content.fill(bytes, size); },
                                   file, {kMaxImportBytes}));
  TELEPOST_TRY(check_part(file.message.document.root, file.message.source));
  const MessageId original = file.message.document.id;
  const AccountId account = options.account.value_or(original.account);
  const bool same_id = account == original.account && !options.new_id;
  if (same_id && store.reader().find(original).ok()) {
    return {Errc::exists, to_string(original) + " is there already; --new-id imports it as another message"};
  }
  if (const auto shown = store.accounts().show(account); !shown.ok()) {
    return {shown.error().kind, shown.error().detail + "; --account imports it into another account"};
  }
  if (options.mailbox) file.placements = {{*options.mailbox, schema::Uid{0}}};
  TELEPOST_TRY(place(store, account, file, same_id));
  if (!same_id) file.message.document.id = {account, schema::LocalId{0}};
  TELEPOST_ASSIGN(const MessageId imported, store.changer().import(file.message));
  return exchange.object({{"id", to_string(imported)}, {"was", to_string(original)}});
}

// What was seen of the header, before the message is finished.
using OnHeader = std::function<void(store::Intake&, const net::HeaderWatch&)>;

std::string trace_block(const store::Incoming& incoming) {
  char host[256] = "localhost";
  ::gethostname(host, sizeof(host) - 1);
  std::string path = incoming.from;
  if (path.starts_with("mailto:")) path.erase(0, 7);
  return fmt::format("Return-Path: <{}>\r\nReceived: by {} (Telepost, command line) id {};\r\n\t{}\r\n", path,
                     host, incoming.origin.trace,
                     to_rfc5322_date(incoming.received.value_or(SystemClock().now())));
}

// Feeds an intake with all that the caller sends, and waits for what becomes of it.
Result<std::vector<Result<store::Delivered>>> take_in(std::unique_ptr<store::Intake> intake, std::string first,
                                                      Exchange& exchange, const OnHeader& on_header = {}) {
  LineEnds line_ends;
  net::HeaderWatch header;
  for (std::string bytes = std::move(first); !bytes.empty();) {
    const std::string lines = line_ends.convert(std::move(bytes));
    header.see(lines);
    intake->write(lines);
    if (intake->must_flush()) {
      TELEPOST_TRY(store::wait_for<void>([&](auto done) { intake->flush(std::move(done)); }));
    }
    TELEPOST_ASSIGN(bytes, exchange.content());
  }
  const std::string rest = line_ends.finish();
  header.see(rest);
  intake->write(rest);
  if (on_header) on_header(*intake, header);
  using Results = std::vector<Result<store::Delivered>>;
  return store::wait_for<Results>([&](auto done) { intake->finish(std::move(done)); });
}

Result<std::vector<Result<store::Delivered>>> take_in(store::Store& store, store::Incoming incoming,
                                                      std::string first, Exchange& exchange) {
  return take_in(store.deliver().begin(std::move(incoming)), std::move(first), exchange);
}

std::string new_trace() { return to_hex(SystemRandom().bytes(8)); }

Result<void> import_eml(store::Store& store, const ImportOptions& options, std::string first,
                        Exchange& exchange) {
  if (!options.account) return {Errc::invalid, "mail names no account of its own; say which (--account)"};
  TELEPOST_ASSIGN(const store::Account account, store.accounts().show(*options.account));
  if (account.profile.addresses.empty()) return {Errc::not_found, "the account is being deleted"};
  store::Incoming incoming;
  incoming.origin.network = "cli";
  incoming.origin.trace = new_trace();
  incoming.to.push_back({account.id, account.profile.addresses.front(), ""});
  std::optional<schema::MailboxId> mailbox;
  if (options.mailbox) {
    TELEPOST_ASSIGN(mailbox, store.mailboxes().find(account.id, *options.mailbox));
  }
  TELEPOST_ASSIGN(auto results, take_in(store, std::move(incoming), std::move(first), exchange));
  TELEPOST_ASSIGN(const store::Delivered delivered, std::move(results.front()));
  if (mailbox && *mailbox != store::kInbox) {
    TELEPOST_TRY(store.changer().move(delivered.id, store::kInbox, *mailbox));
  }
  return exchange.object({{"id", to_string(delivered.id)}, {"mailbox", options.mailbox.value_or("INBOX")}});
}

Result<store::Recipient> resolved(store::Store& store, const std::string& text) {
  TELEPOST_ASSIGN(const std::string address, store::canonical_address(text));
  return store::wait_for<store::Recipient>(
      [&](auto done) { store.deliver().resolve(address, {"cli"}, std::move(done)); });
}

}  // namespace

Result<void> export_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string text, args.text("id"));
  TELEPOST_ASSIGN(const std::string format, args.text_or("format", "eml"));
  TELEPOST_ASSIGN(const bool as_arrived, args.flag("as_arrived"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const MessageId id, message_named(text));
  if (format == "xml" && !as_arrived) return export_xml(store, id, exchange);
  if (format != "eml") return {Errc::invalid, "format wants xml or eml, and as_arrived is for eml"};
  std::uint64_t offset = 0;
  if (as_arrived) {
    TELEPOST_ASSIGN(const std::string xml, store.reader().document(id));
    TELEPOST_ASSIGN(const schema::Document document, schema::read_document(xml));
    offset = document.trace_size_bytes;
  }
  return send_source(store, id, offset, std::uint64_t(-1) - offset, exchange,
                     [&](std::string_view bytes) { return exchange.bytes(bytes); });
}

Result<void> import_message(store::Store& store, Arguments& args, Exchange& exchange) {
  ImportOptions options;
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_ASSIGN(options.mailbox, args.optional_text("mailbox"));
  TELEPOST_ASSIGN(options.new_id, args.flag("new_id"));
  TELEPOST_TRY(args.done());
  if (who) {
    TELEPOST_ASSIGN(options.account, account_named(store, *who));
  }
  TELEPOST_ASSIGN(std::string first, exchange.content());
  if (first.empty()) return {Errc::invalid, "the file is empty"};
  // No header field begins with '<' (RFC 5322 section 2.2), and every XML file does.
  std::string_view text = first;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const bool is_xml = trim(text).starts_with('<');
  return is_xml ? import_xml(store, options, std::move(first), exchange)
                : import_eml(store, options, std::move(first), exchange);
}

Result<void> deliver_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::vector<std::string> to, args.texts("to"));
  TELEPOST_ASSIGN(const std::string from, args.text_or("from", ""));
  store::Incoming incoming;
  TELEPOST_ASSIGN(incoming.delivery_key, args.text_or("key", ""));
  TELEPOST_ASSIGN(incoming.keywords, args.texts("keywords"));
  TELEPOST_ASSIGN(incoming.received, args.optional_time("received"));
  TELEPOST_TRY(args.done());
  if (to.empty()) return {Errc::invalid, "to is empty"};
  if (!from.empty()) {
    TELEPOST_ASSIGN(incoming.from, store::canonical_address(from));
  }
  std::sort(incoming.keywords.begin(), incoming.keywords.end());
  for (const std::string& address : to) {
    TELEPOST_ASSIGN(store::Recipient recipient, resolved(store, address));
    incoming.to.push_back(std::move(recipient));
  }
  incoming.origin.network = "cli";
  incoming.origin.trace = new_trace();
  incoming.origin.identity =
      "cli";  // who may use the admin socket is the operator: DESIGN section 7, socket owner
  incoming.trace_block = trace_block(incoming);
  TELEPOST_ASSIGN(std::string first, exchange.content());
  TELEPOST_ASSIGN(const auto results, take_in(store, std::move(incoming), std::move(first), exchange));
  Result<void> outcome;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) {
      outcome = Error{results[i].error().kind, to[i] + ": " + results[i].error().detail};
      continue;
    }
    const bool stored = results[i]->how == store::Delivered::How::stored;
    TELEPOST_TRY(exchange.object(
        {{"id", to_string(results[i]->id)}, {"to", to[i]}, {"result", stored ? "stored" : "already_there"}}));
  }
  return outcome;
}

// What the sender's account hands in; who may use the admin socket may speak for every account.
Result<void> send_message(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string from, args.text("from"));
  TELEPOST_ASSIGN(const std::vector<std::string> to, args.texts("to"));
  TELEPOST_TRY(args.done());
  if (to.empty()) return {Errc::invalid, "to is empty"};
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, from));
  store::HandedIn mail;
  mail.account = account;
  TELEPOST_ASSIGN(mail.from, store::canonical_address(from));
  for (const std::string& address : to) {
    TELEPOST_ASSIGN(const std::string canonical, store::canonical_address(address));
    if (!canonical.starts_with("mailto:")) return {Errc::invalid, address + " is no mail address"};
    store::HandedIn::To& one = mail.to.emplace_back();
    one.address = canonical.substr(7);
    const auto local = resolved(store, address);
    if (local.ok()) one.local = *local;
    else if (local.error().kind != Errc::not_found || store.deliver().serves(canonical)) return local.error();
  }
  store::Incoming envelope;
  mail.origin.network = envelope.origin.network = "cli";
  mail.origin.trace = envelope.origin.trace = new_trace();
  envelope.from = mail.from;
  mail.trace_block = trace_block(envelope);
  const std::string trace = mail.origin.trace, domain = mail.from.substr(mail.from.rfind('@') + 1);
  // As submission does (RFC 6409 sections 8.2 and 8.3).
  const OnHeader complete = [block = mail.trace_block, &trace, &domain](store::Intake& intake, const net::HeaderWatch& header) {
    std::string whole = block;
    if (!header.has_date()) whole += "Date: " + to_rfc5322_date(SystemClock().now()) + "\r\n";
    if (!header.has_message_id()) whole += "Message-ID: <" + trace + "@" + domain + ">\r\n";
    intake.set_trace_block(std::move(whole));
  };
  TELEPOST_ASSIGN(std::string first, exchange.content());
  TELEPOST_ASSIGN(const auto results, take_in(store.submission().begin(std::move(mail)), std::move(first), exchange, complete));
  if (!results[0].ok()) return results[0].error();
  return exchange.object({{"id", to_string(results[0]->id)}, {"recipients", to.size()}, {"result", "submitted"}});
}

}  // namespace telepost::adapters::admin
