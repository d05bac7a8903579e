// A new EmailSubmission (RFC 8621 section 7.5): the same way out as mail by SMTP submission takes, with the same refusals.
#include <algorithm>
#include <set>
#include <utility>

#include "adapters/jmap/email_submission.h"
#include "adapters/jmap/header_codec.h"
#include "adapters/jmap/identity.h"
#include "adapters/jmap/leaving_email.h"
#include "adapters/jmap/submission_envelope_codec.h"
#include "base/bytes.h"
#include "base/random.h"
#include "store/accounts.h"
#include "store/mail_view.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostAuthors = 100;

SetError wrong(std::vector<std::string> properties, std::string why = {}) { return {"invalidProperties", std::move(why), std::move(properties)}; }

// The addresses of every field of that name; where they are more than `most`, more than `most` of them. None: a field names somebody
// who cannot be read.
std::optional<std::vector<std::string>> addresses_in(const HeaderFields& header, const char* field, std::size_t most) {
  std::vector<std::string> all;
  for (const std::string& value : header.all(field)) {
    std::vector<transcoders::mime::Mailbox> mailboxes = transcoders::mime::parse_addresses(value, most + 1);
    if (mailboxes.empty() && value.find('@') != std::string::npos) return std::nullopt;
    for (transcoders::mime::Mailbox& mailbox : mailboxes) all.push_back(std::move(mailbox.address));
  }
  return all;
}

bool is_seven_bit(const SubmissionEnvelope& envelope) {
  return is_ascii(envelope.from) && std::all_of(envelope.to.begin(), envelope.to.end(), [](const auto& to) { return is_ascii(to.email); });
}

class NewSubmission {
 public:
  NewSubmission(Call& call, schema::AccountId account) : call_(call), store_(call.context.store), account_(account) {}

  // Each step reads what the next one needs. An error of Result: it is nobody's fault but ours.
  using Step = Result<std::optional<SetError>>;
  Step read(const Json& object) {
    for (const auto& [name, value] : object.items()) {
      if (name != "identityId" && name != "emailId" && name != "envelope") return fault(wrong({name}));
    }
    TELEPOST_ASSIGN(identities_, store::identities_of(store_, account_));
    const auto identity = resolved(object, "identityId"), email = resolved(object, "emailId");
    identity_ = identities_.find(identity_from(identity.value_or("")).value_or(0));
    if (identity_ == nullptr) return fault(wrong({"identityId"}));
    const auto local = number_from('e', email.value_or(""));
    TELEPOST_ASSIGN(const auto selection, store_.reader().select(account_, {{local.value_or(0)}}));
    if (!selection.messages[0]) return fault(wrong({"emailId"}));
    id_ = {account_, {*local}};
    summary_ = selection.messages[0]->summary;
    const auto envelope = object.find("envelope");
    if (envelope == object.end() || envelope->is_null()) return std::optional<SetError>();
    auto read = envelope_from(*envelope);
    if (!read.ok()) return fault(wrong({"envelope"}, read.error().detail));
    envelope_ = *std::move(read);
    said_ = *envelope;
    return std::optional<SetError>();
  }

  Step look_at_email() {
    const std::uint64_t most = store_.configuration().submission.max_message_bytes;
    if (summary_.size_bytes > most) return fault({"emailTooLarge", {}, {}, {}, {{"maxSize", most}}});
    auto opened = LeavingEmail::open(store_, id_, summary_);
    if (!opened.ok() && opened.error().kind == Errc::invalid) return fault({"invalidEmail", opened.error().detail});
    TELEPOST_TRY(opened);
    email_.emplace(*std::move(opened));
    if (email_->has_bare_line_end()) return fault({"invalidEmail", "its lines end in CRLF and nothing else"});
    if (email_->watch().hops() >= store_.configuration().submission.max_hops) return fault({"invalidEmail", "it goes round in a loop"});
    const HeaderFields header(email_->header());
    const auto from = addresses_in(header, "From", kMostAuthors), sender = addresses_in(header, "Sender", kMostAuthors);
    if (from && from->empty()) return fault({"invalidEmail", "it has no author", {"from"}});
    // RFC 6409 section 8.1, as for mail by SMTP: we sign what we send.
    if (!from || !are_own(*from)) return fault({"forbiddenFrom", "From names an address that is not one of yours"});
    if (from->size() > 1 && (!sender || sender->empty() || !are_own(*sender))) return fault({"forbiddenFrom", "Sender names an address that is not one of yours"});
    if (!envelope_) return derive(header, sender && !sender->empty() ? sender->front() : from->front());
    return std::optional<SetError>();
  }

  Step look_at_envelope() {
    if (!envelope_->from.empty() && !store::is_one_of(identities_.addresses, envelope_->from)) {
      return fault({"forbiddenMailFrom", "mailFrom is not one of your addresses"});
    }
    const std::uint32_t most = store_.configuration().submission.max_recipients;
    if (envelope_->to.empty()) return fault({"noRecipients"});
    if (envelope_->to.size() > most) return fault({"tooManyRecipients", {}, {}, {}, {{"maxRecipients", most}}});
    TELEPOST_TRY(resolve_recipients());
    if (!invalid_.empty()) return fault({"invalidRecipients", {}, {}, {}, {{"invalidRecipients", invalid_}}});
    const Time now = store_.now();
    if (envelope_->hold_for) mail_.send_at = now + *envelope_->hold_for;
    if (envelope_->hold_until) mail_.send_at = *envelope_->hold_until;
    if (mail_.send_at && *mail_.send_at > now + kMaxDelayedSend) return fault(wrong({"envelope"}, "it would be held for longer than maxDelayedSend"));
    if (mail_.send_at && *mail_.send_at <= now) mail_.send_at.reset();
    return std::optional<SetError>();
  }

  SetOutcome send() {
    describe();
    const auto handed = store_.submission().hand_in(mail_, [this](const store::Submission::Sink& sink) { return email_->give(sink); });
    if (!handed.ok()) return outcome_of_sending(handed.error());
    const auto shown = store_.submission().show(*handed);
    if (!shown.ok()) return FailedAfterChange(shown.error());
    Json json = to_json(FollowedSubmission{handed->local, shown->record});
    json["deliveryStatus"] = delivery_status_of(shown->to);
    return json;
  }

  // The thread, which the message keeps.
  Result<void> find_thread() {
    TELEPOST_ASSIGN(const store::MailView view, store_.view(account_));
    TELEPOST_ASSIGN(const auto threads, view.threads_of({id_.local}));
    thread_ = threads[0].value_or(schema::ThreadId{});
    return {};
  }

 private:
  static Step fault(SetError error) { return std::optional(std::move(error)); }

  std::optional<std::string> resolved(const Json& object, const char* name) const {
    const auto member = object.find(name);
    if (member == object.end() || !member->is_string()) return std::nullopt;
    return call_.created_ids.resolve(member->get_ref<const std::string&>());
  }

  bool are_own(const std::vector<std::string>& addresses) const {
    return addresses.size() <= kMostAuthors && std::all_of(addresses.begin(), addresses.end(), [&](const std::string& address) {
      return store::is_one_of(identities_.addresses, address);
    });
  }

  // Each once, in the order of To, Cc and Bcc.
  Step derive(const HeaderFields& header, const std::string& from) {
    const std::size_t most = store_.configuration().submission.max_recipients;
    envelope_.emplace();
    envelope_->from = store::is_one_of(identities_.addresses, from) ? from : identity_->email;
    std::set<std::string> seen;
    for (const char* field : {"To", "Cc", "Bcc"}) {
      const auto all = addresses_in(header, field, most);
      if (!all) return fault({"invalidEmail", std::string(field) + " names somebody who cannot be read", {to_lower(field)}});
      for (const std::string& address : *all) {
        if (seen.insert(to_lower(address)).second) envelope_->to.push_back({address, {}});
      }
    }
    said_ = to_json(*envelope_);
    return std::optional<SetError>();
  }

  // Once each; whom nobody can reach goes to invalid_.
  Result<void> resolve_recipients() {
    std::set<std::string> seen;
    for (const SubmissionEnvelope::To& to : envelope_->to) {
      const auto canonical = store::canonical_address("mailto:" + to.email);
      if (!canonical.ok()) {
        invalid_.push_back(to.email);
        continue;
      }
      if (!seen.insert(*canonical).second) continue;
      auto local = store_.submission().recipient(*canonical, "jmap " + to_id(account_));
      const bool is_refused = !local.ok() && (local.error().kind == Errc::not_found || local.error().kind == Errc::refused || local.error().kind == Errc::too_many ||
                                              local.error().kind == Errc::invalid);
      if (is_refused) {
        invalid_.push_back(to.email);
        continue;
      }
      TELEPOST_TRY(local);
      mail_.to.push_back({to.email, to.request, std::move(*local)});
    }
    return {};
  }

  void describe() {
    const schema::Configuration& configuration = store_.configuration();
    const std::string trace = to_base32(SystemRandom().u64()), domain = identity_->email.substr(identity_->email.rfind('@') + 1);
    const std::string& named = !configuration.submission.hostname.empty() ? configuration.submission.hostname : configuration.smtp.hostname;
    const std::string date = to_rfc5322_date(store_.now());
    mail_.account = account_;
    mail_.origin.network = "jmap";
    mail_.origin.trace = trace;
    if (!envelope_->from.empty()) mail_.from = "mailto:" + envelope_->from;
    mail_.trace_block = "Return-Path: <" + envelope_->from + ">\r\nReceived: by " + (named.empty() ? domain : named) + " (JMAP) id " + trace + "; " + date + "\r\n";
    // RFC 6409 sections 8.2 and 8.3: what an imported email may lack.
    if (!email_->watch().has_date()) mail_.trace_block += "Date: " + date + "\r\n";
    if (!email_->watch().has_message_id()) mail_.trace_block += "Message-ID: <" + trace + "@" + domain + ">\r\n";
    mail_.request = envelope_->request;
    mail_.request.tls_optional = email_->watch().tls_optional() && !mail_.request.require_tls;
    mail_.body = email_->is_eight_bit() ? schema::MailBody::eight_bit : schema::MailBody::seven_bit;
    mail_.smtputf8 = email_->is_header_eight_bit() || !is_seven_bit(*envelope_);
    mail_.followed = {id_.local, thread_, identity_->number, to_text(said_)};
  }

  static SetOutcome outcome_of_sending(const Error& error) {
    if (error.kind == Errc::refused || error.kind == Errc::over_quota) return SetError{"forbiddenToSend", error.detail};
    if (error.kind == Errc::too_large) return SetError{"tooLarge", error.detail};
    if (auto why = set_error_of(error)) return *std::move(why);
    return error;
  }

  Call& call_;
  store::Store& store_;
  const schema::AccountId account_;
  store::IdentityList identities_;
  const schema::IdentityRecord* identity_ = nullptr;
  schema::MessageId id_;
  schema::Summary summary_;
  schema::ThreadId thread_;
  std::optional<LeavingEmail> email_;
  std::optional<SubmissionEnvelope> envelope_;
  Json said_;
  std::vector<std::string> invalid_;
  store::HandedIn mail_;
};

}  // namespace

SetOutcome create_submission(Call& call, schema::AccountId account, const Json& object) {
  NewSubmission submission(call, account);
  NewSubmission::Step step = submission.read(object);
  if (step.ok() && !*step) step = submission.look_at_email();
  if (step.ok() && !*step) step = submission.look_at_envelope();
  if (!step.ok()) return step.error();
  if (*step) return **step;
  if (const Result<void> found = submission.find_thread(); !found.ok()) return found.error();
  SetOutcome outcome = submission.send();
  if (auto* const made = std::get_if<Json>(&outcome)) {
    for (const auto& [name, value] : object.items()) {
      if (!value.is_null()) made->erase(name);  // what the client said itself
    }
  }
  return outcome;
}

}  // namespace telepost::adapters::jmap
