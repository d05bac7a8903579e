#include "store/rule_actions.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policies/rules.h"
#include "store/accounts.h"
#include "store/automatic.h"
#include "store/copy.h"
#include "store/directory.h"
#include "store/mailbox_paths.h"
#include "store/mailboxes.h"
#include "store/resolve.h"
#include "store/rooms.h"
#include "store/submission_writer.h"
#include "store/submitted_copies.h"
#include "store/trace_block.h"
#include "transcoders/mime/fields.h"

namespace telepost::store {

namespace {

constexpr std::string_view kSeenByRule = "$seen";
constexpr std::string_view kMailScheme = "mailto:";
constexpr std::size_t kForwardRoom = 512u << 10;  // of the batch, for jobs and records of all addresses

metrics::Counter& rules_applied() {
  static metrics::Counter counter("telepost_rules_total", "Messages that a subscriber's rule did something to", {"action"});
  return counter;
}

std::string caller_in(const schema::Facts& facts) {
  return std::visit([](const auto& each) {
    if constexpr (requires { each.caller; }) return to_lower(each.caller);
    else return std::string();
  }, facts);
}

policies::RuleFacts rule_facts(const AccountWrite& write, const Arrived& arrived, std::size_t index) {
  const schema::Document& document = arrived.document;
  const Recipient& to = arrived.incoming.to[index];
  policies::RuleFacts facts;
  facts.kind = document.kind;
  facts.size_bytes = document.size_bytes;
  facts.own = &write.profile().addresses;
  facts.fields = &document.fields;
  const std::string caller = caller_in(document.facts);
  facts.withheld = document.facts.index() != 0 && caller.empty();
  for (const std::string& sender : {to_lower(document.envelope.from), caller}) {
    if (!sender.empty()) facts.senders.push_back(sender);
  }
  for (const schema::HeaderField& field : document.fields) {
    if (!equals_ignoring_case(field.name, "From")) continue;
    for (const auto& mailbox : transcoders::mime::parse_addresses(field.value)) facts.senders.push_back(std::string(kMailScheme) + to_lower(mailbox.address));
  }
  facts.recipients.push_back(to.address);
  const std::size_t at = to.address.rfind('@');
  if (!to.detail.empty() && at != std::string::npos) facts.recipients.push_back(to.address.substr(0, at) + "+" + to.detail + to.address.substr(at));
  return facts;
}

// What a rule wants and cannot be done leaves the message where it would lie without the rule.
void rule_failed(const AccountWrite& write, const policies::RuleVerdict& verdict, std::string_view what, const std::string& reason) {
  rules_applied().with({"failed"}).add();
  log::warning("rule_not_followed", {{"account", schema::to_string(write.account())}, {"rules", verdict.rules}, {"what", what}, {"reason", reason}});
}

Result<std::optional<schema::AccountId>> account_of(const AccountWrite& write, const std::string& canonical) {
  const Directory directory(write.rooms());
  TELEPOST_ASSIGN(const auto whole, directory.find(canonical));
  const std::size_t plus = canonical.find('+', kMailScheme.size() + 1), at = canonical.rfind('@');
  if (whole || plus == std::string::npos || plus > at) return whole;
  return directory.find(canonical.substr(0, plus) + canonical.substr(at));
}

// In whose name it goes on: the address that it came for, else the account's first mail address; none: it has none.
std::optional<std::string> forwarder(const AccountWrite& write, const std::string& address) {
  if (address.starts_with(kMailScheme)) return address;
  const std::vector<std::string>& own = write.profile().addresses;
  const auto found = std::find_if(own.begin(), own.end(), [](const std::string& each) { return each.starts_with(kMailScheme); });
  return found == own.end() ? std::nullopt : std::optional(*found);
}

// Whether its header is UTF-8 beyond ASCII (RFC 6532): servers that cannot carry that are told before.
bool has_international_header(const schema::Document& document, const Content& content) {
  const std::string header = front_of(content, document.root.header.size);
  return !is_ascii(header) && is_valid_utf8(header);
}

}  // namespace

policies::DeliveryVerdict decide_copy(AccountWrite& write, const Arrived& arrived, std::size_t index) {
  policies::DeliveryFacts facts = delivery_facts(write, arrived);
  const Automatic* const automatic = write.automatic();
  const bool is_ours = arrived.incoming.origin.network == "report" || arrived.incoming.quota == Incoming::Quota::not_asked;
  if (automatic == nullptr || is_ours) return policies::decide_delivery(facts);
  if (automatic->rules_damage) {
    policies::DeliveryVerdict verdict = policies::decide_delivery(facts);
    if (!verdict.refusal && !facts.junk) verdict.refusal = automatic->rules_damage;  // the peer tries again: by then somebody may have mended them
    return verdict;
  }
  if (automatic->rules.empty()) return policies::decide_delivery(facts);
  const policies::RuleFacts arrival = rule_facts(write, arrived, index);
  facts.rules = &automatic->rules;
  facts.arrival = &arrival;
  return policies::decide_delivery(facts);
}

void rules_are_damaged(const AccountWrite& write, const Error& damage) {
  rules_applied().with({"damaged"}).add();
  log::error("rules_damaged", {{"account", schema::to_string(write.account())}, {"reason", to_string(damage)}});
}

bool needs_reads(const policies::DeliveryVerdict& verdict) {
  return verdict.mailbox != "INBOX" || !verdict.by_rules.mailboxes.empty() || !verdict.by_rules.forward_to.empty();
}

Result<Forwarding> forwarding_of(AccountWrite& write, policies::RuleVerdict& verdict, const Arrived& arrived, std::size_t index) {
  Forwarding forwarding;
  if (verdict.looped) rule_failed(write, verdict, "forward", "the message was forwarded from here before");
  for (const std::string& to : verdict.forward_to) {
    const Result<std::string> canonical = canonical_address(to);
    const bool is_mail = canonical.ok() && canonical->starts_with(kMailScheme);
    if (is_mail && !serves(write.rooms(), *canonical)) {
      forwarding.others.push_back(to);
      continue;
    }
    std::optional<schema::AccountId> account;
    if (is_mail) {
      TELEPOST_ASSIGN(account, account_of(write, *canonical));
    }
    if (account && *account != write.account()) {
      forwarding.ours.push_back({to, *account});
    } else if (!account) {
      rule_failed(write, verdict, "forward", "there is no " + to);
      verdict.keeps = true;
    }
  }
  if (!forwarding.empty() && (!forwarder(write, arrived.incoming.to[index].address) || !write.has_room(kForwardRoom + arrived.content.inline_size()))) {
    rule_failed(write, verdict, "forward", "the account has no mail address, or the message is too large for one batch");
    forwarding = {};
  }
  if (forwarding.empty()) verdict.keeps = true;
  return forwarding;
}

Result<Filing> filing_of(AccountWrite& write, const policies::DeliveryVerdict& verdict, std::vector<std::string> keywords) {
  const policies::RuleVerdict& rules = verdict.by_rules;
  Filing filing{{}, std::move(keywords)};
  for (const std::string& keyword : rules.keywords) add_keyword(filing.keywords, keyword);
  if (verdict.mailbox == "Junk") {
    TELEPOST_ASSIGN(const schema::MailboxId junk, mailbox_for(write, schema::Role::junk, "Junk"));
    filing.mailboxes.push_back(junk);
    return filing;
  }
  if (!rules.keeps) {
    TELEPOST_ASSIGN(const schema::MailboxId trash, mailbox_for(write, schema::Role::trash, "Trash"));
    add_keyword(filing.keywords, kSeenByRule);
    filing.mailboxes.push_back(trash);
    return filing;
  }
  for (const std::string& path : rules.mailboxes) {
    const Result<schema::MailboxId> mailbox = mailbox_at(write, path);
    if (!mailbox.ok() && (mailbox.error().kind == Errc::invalid || mailbox.error().kind == Errc::too_many)) {
      rule_failed(write, rules, "file", to_string(mailbox.error()));
      continue;
    }
    TELEPOST_TRY(mailbox);
    if (std::find(filing.mailboxes.begin(), filing.mailboxes.end(), *mailbox) == filing.mailboxes.end()) filing.mailboxes.push_back(*mailbox);
  }
  if (filing.mailboxes.empty()) filing.mailboxes.push_back(kInbox);
  return filing;
}

// Failures are told to the account, whose rule it is, and not to the sender, who knows nothing of it; who gets such a failure by a null
// reverse path tells nobody, so that two accounts that forward to each other end there.
Result<void> forward_copy(AccountWrite& write, const Forwarding& forwarding, const Arrived& arrived, std::size_t index) {
  const std::string from = forwarder(write, arrived.incoming.to[index].address).value_or("");
  const bool tells_nobody = arrived.document.kind == schema::Kind::email && arrived.document.envelope.from.empty();
  HandedIn mail;
  mail.account = write.account();
  mail.origin = arrived.document.origin;
  mail.from = tells_nobody ? "" : from;
  mail.smtputf8 = has_international_header(arrived.document, arrived.content);
  for (const std::string& to : forwarding.others) mail.to.push_back({to, {}, std::nullopt});
  for (const Forwarding::Account& to : forwarding.ours) mail.to.push_back({to.address, {}, Recipient{to.account, to.address, ""}});
  schema::MessageRequest request;  // what protects the message goes on with it (RFC 8689 section 4.2.1)
  request.require_tls = arrived.incoming.request.require_tls;
  request.tls_optional = arrived.incoming.request.tls_optional;
  const schema::MessageId id = arrived.ids[index];
  const std::string header = delivered_to(from) + leaving_header(front_of(arrived.content, arrived.document.trace_size_bytes));
  TELEPOST_TRY(write_recipients(write.rooms(), write, {mail, arrived.document, id.local, request, header}));
  if (!forwarding.ours.empty()) {
    write.when_durable([&rooms = write.rooms(), id] {
      if (!rooms.stopping.load()) (void)rooms.workers.run([&rooms, id] { serve_submission_now(rooms, id); });  // busy: the sweep does it
    });
  }
  rules_applied().with({"forwarded"}).add();
  return {};
}

}  // namespace telepost::store
