#include "adapters/smtp/authenticator.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

#include "adapters/net/completion.h"
#include "adapters/smtp/authentication/message_check.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::smtp {
namespace {

using authentication::Answer;
using authentication::DnsAnswers;
using authentication::MessageCheck;
using authentication::Question;
using authentication::RecordType;
using policies::AuthenticationVerdict;

net::DnsType dns_type(RecordType type) {
  switch (type) {
    case RecordType::a: return net::DnsType::a;
    case RecordType::aaaa: return net::DnsType::aaaa;
    case RecordType::mx: return net::DnsType::mx;
    case RecordType::txt: return net::DnsType::txt;
    case RecordType::ptr: return net::DnsType::ptr;
  }
  return net::DnsType::txt;
}

// Domains may keep dozens of texts to prove something to somebody, and ours may stand behind them: a version comes first in SPF,
// DMARC and most keys.
std::vector<std::string> texts_of(const net::DnsAnswer& found) {
  std::vector<std::string> texts;
  for (const bool versioned : {true, false}) {
    for (const net::DnsRecord& record : found.records) {
      if (texts.size() == kMostRecordsOfAnswer) return texts;
      if (!record.text.empty() && starts_with_ignoring_case(record.text, "v=") == versioned) texts.push_back(record.text);
    }
  }
  return texts;
}

std::vector<std::string> addresses_of(const net::DnsAnswer& found) {
  std::vector<std::string> addresses;
  for (const net::DnsRecord& record : found.records) {
    if (addresses.size() == kMostAddressesOfAnswer) break;
    if (const auto address = authentication::ip_address_from(record.text)) addresses.emplace_back(address->bytes());
  }
  return addresses;
}

std::vector<std::string> names_of(const net::DnsAnswer& found) {
  std::vector<std::string> names;
  for (const net::DnsRecord& record : found.records) {
    if (names.size() == kMostRecordsOfAnswer) break;
    if (!record.text.empty()) names.push_back(record.text);  // the root is no exchange (RFC 7505)
  }
  return names;
}

Answer answer_of(RecordType type, const Result<net::SharedDnsAnswer>& looked_up) {
  Answer answer;
  if (!looked_up.ok()) {
    answer.status = Answer::Status::failed;
    return answer;
  }
  switch (type) {
    case RecordType::a:
    case RecordType::aaaa: answer.records = addresses_of(**looked_up); break;
    case RecordType::mx:
    case RecordType::ptr: answer.records = names_of(**looked_up); break;
    case RecordType::txt: answer.records = texts_of(**looked_up); break;
  }
  if (!answer.records.empty()) answer.status = Answer::Status::found;
  return answer;
}

// The questions of one round, asked by a few coroutines of the session's loop. Shared with them, so that the end of the session
// leaves none with a hanging reference.
struct Round {
  std::vector<Question> questions;
  std::vector<Answer> answers;
  std::size_t next = 0;
  std::size_t asking = 0;  // coroutines that have not ended
  net::Answer<void> done;
  net::Resolver& resolver;
  const Clock& clock;
  SteadyTime end;
  net::DnsAsker asker;
  bool was_refused = false;  // a question was not asked: we have too many already
};

net::Awaitable<void> ask(std::shared_ptr<Round> round) {
  while (round->next < round->questions.size()) {
    const std::size_t at = round->next++;
    const Question& question = round->questions[at];
    const Duration left = std::chrono::duration_cast<Duration>(round->end - round->clock.steady());
    Result<net::SharedDnsAnswer> looked_up(Errc::timeout, "no time is left");
    if (left.count() > 0) {
      net::Awaitable<Result<net::SharedDnsAnswer>> pending = round->resolver.look_up(question.name, dns_type(question.type), left, round->asker);
      looked_up = co_await std::move(pending);
      if (!looked_up.ok() && looked_up.error().kind == Errc::busy) round->was_refused = true;
    }
    round->answers[at] = answer_of(question.type, looked_up);
  }
  if (--round->asking == 0) round->done.completion()(Result<void>());
}

class SenderExamination final : public Examination {
 public:
  SenderExamination(const schema::AuthenticationSettings& settings, net::Resolver& resolver, const Clock& clock,
                    MessageCheck check, std::string trace, std::string network)
      : settings_(settings), resolver_(resolver), clock_(clock), check_(std::move(check)), trace_(std::move(trace)), network_(std::move(network)) {}

  std::string_view see(std::string_view content) override { return check_.see(content); }
  std::string_view rest() override { return check_.rest(); }
  net::Awaitable<Examined> conclude() override;

 private:
  net::Awaitable<void> fetch(DnsAnswers& answers, SteadyTime end);
  AuthenticationVerdict decide(const policies::AuthenticationFacts& facts) const;
  Examined examined() const;
  void log_verdict(const policies::AuthenticationFacts& facts, const AuthenticationVerdict& verdict) const;

  const schema::AuthenticationSettings& settings_;
  net::Resolver& resolver_;
  const Clock& clock_;
  MessageCheck check_;
  const std::string trace_;
  const std::string network_;
  bool is_flooded_ = false;  // a question was not asked for want of a place
};

net::Awaitable<void> SenderExamination::fetch(DnsAnswers& answers, SteadyTime end) {
  std::vector<Question> questions = answers.take_missing();
  const std::size_t count = questions.size();
  TELEPOST_ASSERT(count > 0);  // else nothing would wake us
  std::shared_ptr<Round> round(new Round{std::move(questions), std::vector<Answer>(count), 0, 0, {}, resolver_, clock_, end,
                                         {net::DnsAsker::Purpose::arriving, network_}, false});
  round->asking = std::min(count, kMostQuestionsAtOnce);
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  for (std::size_t i = 0; i < std::min(count, kMostQuestionsAtOnce); ++i) {
    boost::asio::co_spawn(executor, ask(round), boost::asio::detached);
  }
  const Result<void> done = co_await round->done.get();
  (void)done;  // each answer has its own failure
  is_flooded_ = is_flooded_ || round->was_refused;
  for (std::size_t i = 0; i < count; ++i) answers.put(round->questions[i], std::move(round->answers[i]));
}

net::Awaitable<Examined> SenderExamination::conclude() {
  DnsAnswers answers;
  const SteadyTime end = clock_.steady() + settings_.timeout;
  while (!check_.conclude(answers)) co_await fetch(answers, end);
  co_return examined();
}

// What a name server does not tell is its domain's affair, and authentication.defer says what follows. What we did not ask, because
// questions of others have the places, is ours: whoever brings that about must gain nothing but a delay, and whoever suffers it
// must not be refused for it.
AuthenticationVerdict SenderExamination::decide(const policies::AuthenticationFacts& facts) const {
  if (!is_flooded_) return policies::decide_authentication(facts, settings_);
  schema::AuthenticationSettings settings = settings_;
  settings.defer = true;
  AuthenticationVerdict verdict = policies::decide_authentication(facts, settings);
  if (verdict.action == AuthenticationVerdict::Action::accept) return verdict;
  verdict.action = AuthenticationVerdict::Action::defer;
  verdict.status = "4.4.3";
  verdict.reason = "The sender's domain could not be looked up now; try again later";
  return verdict;
}

Examined SenderExamination::examined() const {
  const policies::AuthenticationFacts facts = check_.facts();
  AuthenticationVerdict verdict = decide(facts);
  log_verdict(facts, verdict);
  Examined examined;
  examined.fields = check_.field();
  examined.forged = verdict.forged;
  examined.may_be_forged = !check_.proves_sender();
  if (check_.forged() > 0) {
    examined.defects.push_back(std::to_string(check_.forged()) +
                               " Authentication-Results that claimed to be ours removed (RFC 8601 section 5)");
  }
  switch (verdict.action) {
    case AuthenticationVerdict::Action::accept: break;
    case AuthenticationVerdict::Action::junk: examined.junk = true; break;
    case AuthenticationVerdict::Action::refuse:
      examined.refusal = Reply{550, verdict.status, std::move(verdict.reason)};
      break;
    case AuthenticationVerdict::Action::defer:
      examined.refusal = Reply{451, verdict.status, std::move(verdict.reason)};
      break;
  }
  return examined;
}

std::string_view name_of(AuthenticationVerdict::Action action) {
  switch (action) {
    case AuthenticationVerdict::Action::accept: return "accept";
    case AuthenticationVerdict::Action::junk: return "junk";
    case AuthenticationVerdict::Action::refuse: return "refuse";
    case AuthenticationVerdict::Action::defer: return "defer";
  }
  return "";
}

void SenderExamination::log_verdict(const policies::AuthenticationFacts& facts, const AuthenticationVerdict& verdict) const {
  static metrics::Counter verdicts("telepost_authentication_total", "Messages whose sender was looked at", {"dmarc", "action"});
  verdicts.with({std::string(policies::name_of(facts.dmarc)), std::string(name_of(verdict.action))}).add();
  log::info("authenticated", {{"trace", trace_},
                              {"spf", policies::name_of(facts.spf)},
                              {"dkim", policies::name_of(facts.dkim)},
                              {"arc", policies::name_of(check_.arc() ? check_.arc()->result : policies::ArcResult::none)},
                              {"dmarc", policies::name_of(facts.dmarc)},
                              {"forged", check_.forged()},
                              {"action", name_of(verdict.action)}});
}

bool is_checked(schema::AuthenticationRule rule) { return rule != schema::AuthenticationRule::off; }

}  // namespace

Authenticator::Authenticator(const schema::AuthenticationSettings& settings, net::Resolver& resolver, const Clock& clock,
                             Random& random)
    : settings_(settings), resolver_(resolver), clock_(clock), random_(random) {}

std::unique_ptr<Examination> Authenticator::begin(const Subject& subject) {
  if (subject.is_submission || subject.is_proved || subject.peer.uid) return nullptr;
  const auto client = authentication::ip_address_from(subject.peer.address);
  const bool is_exempt = !subject.is_told && schema::contains(settings_.exempt, subject.peer.address);
  if (!client || is_exempt) return nullptr;
  authentication::CheckedMethods methods;
  methods.spf = is_checked(settings_.spf);
  methods.dkim = is_checked(settings_.dkim);
  methods.arc = settings_.arc;
  methods.dmarc = is_checked(settings_.dmarc);
  authentication::MessageFacts facts;
  facts.envelope = {*client, std::string(subject.hello), subject.from.text};
  facts.authserv_id = settings_.authserv_id.empty() ? std::string(subject.hostname) : settings_.authserv_id;
  facts.trusted_sealers = settings_.trusted_sealers;
  facts.now = clock_.now();
  facts.sample = static_cast<unsigned>(random_.u64() % 100);
  return std::make_unique<SenderExamination>(settings_, resolver_, clock_, MessageCheck(methods, std::move(facts)),
                                             std::string(subject.trace), subject.peer.network());
}

}  // namespace telepost::adapters::smtp
