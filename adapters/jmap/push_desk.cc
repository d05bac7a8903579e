#include "adapters/jmap/push_desk.h"

#include <charconv>
#include <tuple>
#include <utility>

#include "adapters/jmap/push_encryption_codec.h"
#include "adapters/jmap/push_url_codec.h"
#include "adapters/jmap/service.h"
#include "adapters/jmap/vapid_codec.h"
#include "base/hmac.h"
#include "base/log.h"
#include "base/radix64url.h"

namespace telepost::adapters::jmap {
namespace {

constexpr Duration kAskedWithin = std::chrono::hours(1);
constexpr auto kChangeLives = std::chrono::days(7);  // at the push service, while the device is away
constexpr std::uint64_t kNotedBehind = 128;          // changes that nobody wanted, before they are passed over for good
constexpr std::size_t kTopicLetters = 22;            // RFC 8030 section 5.4: 32 at most

std::string ttl_of(std::chrono::seconds lives) { return "TTL: " + std::to_string(lives.count()); }

PushTypes types_of(const std::optional<std::vector<std::string>>& wanted) {
  if (!wanted) return {.are_all = true};
  return {false, {wanted->begin(), wanted->end()}};
}

// Of a token's log-in; no name of Basic has a colon (RFC 7617 section 2).
constexpr std::string_view kFamily = "family:";

Login login_of(schema::AccountId account, const schema::PushSecrets& secrets) {
  Login login{account, secrets.login, secrets.keys, 0, secrets.scopes.value_or(schema::Scopes::all())};
  if (secrets.login.starts_with(kFamily)) {
    const char* const end = secrets.login.data() + secrets.login.size();
    std::from_chars(secrets.login.data() + kFamily.size(), end, login.family);
  }
  return login;
}

// Who may still log in: asked once for all subscriptions of a log-in, in one round.
class LoginsInRound {
 public:
  explicit LoginsInRound(store::Store& store) : store_(store) {}

  // What it opens; none: it is none any more.
  Result<std::optional<schema::Scopes>> allows(const Login& login) {
    const auto key = std::make_tuple(login.name, login.keys.stored_key, login.scopes.bits());
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    const Result<schema::Scopes> allowed = still_allowed(store_, login);
    if (!allowed.ok() && allowed.error().kind != Errc::denied) return allowed.error();
    return known_[key] = allowed.ok() ? std::optional(*allowed) : std::nullopt;
  }

 private:
  store::Store& store_;
  std::map<std::tuple<std::string, Digest, std::uint8_t>, std::optional<schema::Scopes>> known_;
};

// A message replaces one that waits for the device, if that told of the same types: the newer states say all of the older ones.
std::string topic_of(const StateChange& change) {
  std::string types;
  for (const auto& [type, state] : change.states) types += type + '\n';
  return "Topic: " + to_base64url(sha256(types).view()).substr(0, kTopicLetters);
}

std::string contact_of(const store::Store& store) {
  const schema::Configuration& configuration = store.configuration();
  if (configuration.jmap.url.starts_with("https://")) return configuration.jmap.url;
  return configuration.domains.empty() ? std::string() : "mailto:postmaster@" + configuration.domains.front().name;
}

// Made of the key file and nothing else: the same for ever, on each server of the store, and in no copy of it.
Result<P256Key> key_of(store::PushSubscriptions& subscriptions) {
  for (int number = 1;; ++number) {
    TELEPOST_ASSIGN(const Digest secret, subscriptions.key("web push: VAPID " + std::to_string(number)));
    if (Result<P256Key> key = P256Key::from_secret(secret); key.ok()) return key;
  }
}

}  // namespace

void put_login(const Login& login, schema::PushSecrets& into) {
  into.login = login.family == 0 ? login.name : std::string(kFamily) + std::to_string(login.family);
  into.keys = login.keys;
  into.scopes = login.scopes;
}

bool is_of_login(const schema::PushSecrets& secrets, const Login& login) {
  const std::uint64_t family = login_of(login.account, secrets).family;
  if (family != 0 || login.family != 0) return family == login.family;
  return equal_in_constant_time(secrets.keys.stored_key.view(), login.keys.stored_key.view());
}

PushDesk::PushDesk(const Context& context, const Methods& methods, const Clock& clock, Random& random, P256Key key)
    : context_(context), methods_(methods), clock_(clock), random_(random), key_(std::move(key)), contact_(contact_of(context.store)),
      subscriptions_(context.store) {}

Result<std::unique_ptr<PushDesk>> PushDesk::open(const Context& context, const Methods& methods, const Clock& clock, Random& random) {
  store::PushSubscriptions subscriptions(context.store);
  TELEPOST_ASSIGN(P256Key key, key_of(subscriptions));
  return std::unique_ptr<PushDesk>(new PushDesk(context, methods, clock, random, std::move(key)));
}

bool PushDesk::admit(schema::AccountId account) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  std::erase_if(asked_, [&](const auto& entry) { return now - entry.second.back() >= kAskedWithin; });
  std::deque<SteadyTime>& times = asked_[account];
  while (!times.empty() && now - times.front() >= kAskedWithin) times.pop_front();
  if (times.size() >= kMostPushVerifications) return false;
  times.push_back(now);
  return true;
}

Result<schema::ToldStates> PushDesk::states_now(const Login& login, const std::optional<std::vector<std::string>>& types) const {
  PushStates states(context_, methods_, login, types_of(types));
  TELEPOST_ASSIGN(PushStates::Now now, states.look());
  (void)states.tell(std::move(now));
  return states.told();
}

Result<PushRound> PushDesk::round(schema::AccountId account, const std::set<std::uint64_t>& busy) {
  PushRound round;
  auto all = subscriptions_.list(account);
  if (!all.ok() && all.error().kind != Errc::not_found) return all.error();
  LoginsInRound logins(context_.store);
  PushStates::Readings known;
  for (const store::PushSubscription& one : all.ok() ? *std::move(all) : std::vector<store::PushSubscription>()) {
    Login login = login_of(account, one.secrets);
    TELEPOST_ASSIGN(const std::optional<schema::Scopes> scopes, logins.allows(login));
    if (!scopes) {
      TELEPOST_TRY(end(account, one.number));
      continue;
    }
    round.subscriptions.insert(one.number);
    if (busy.contains(one.number)) continue;
    login.scopes = *scopes;
    Result<std::optional<PushMessage>> message = message_for(login, one, known);
    if (!message.ok()) {
      log::error("push_not_made", {{"account", to_id(account)}, {"subscription", one.number}, {"reason", to_string(message.error())}});
      round.is_whole = false;
    } else if (*message) {
      round.messages.push_back(**std::move(message));
    }
  }
  if (round.subscriptions.empty()) TELEPOST_TRY(subscriptions_.forget_if_none(account));
  return round;
}

Result<void> PushDesk::end(schema::AccountId account, std::uint64_t subscription) {
  const Result<void> removed = subscriptions_.remove(account, subscription);
  if (!removed.ok() && removed.error().kind != Errc::not_found) return removed.error();
  log::info("push_ended", {{"account", to_id(account)}, {"subscription", subscription}, {"reason", "its log-in is none any more"}});
  return {};
}

Result<std::optional<PushMessage>> PushDesk::message_for(const Login& login, const store::PushSubscription& one, PushStates::Readings& known) {
  if (one.record.is_verified) return change_for(login, one, known);
  if (one.record.is_asked) return std::optional<PushMessage>();
  const Json verification = {{"@type", "PushVerification"}, {"pushSubscriptionId", to_id('n', one.number)}, {"verificationCode", one.secrets.code}};
  TELEPOST_ASSIGN(PushMessage message, write(one, to_text(verification), {ttl_of(std::chrono::duration_cast<std::chrono::seconds>(store::kPushVerifiedWithin))}));
  return std::optional(std::move(message));
}

Result<std::optional<PushMessage>> PushDesk::change_for(const Login& login, const store::PushSubscription& one, PushStates::Readings& known) {
  PushStates states(context_, methods_, login, types_of(one.record.types));
  states.begin_after(one.record.told);
  TELEPOST_ASSIGN(PushStates::Now now, states.look(known));
  const std::optional<StateChange> change = states.tell(std::move(now));
  const schema::ToldStates told = states.told();
  if (change) {
    TELEPOST_ASSIGN(PushMessage message, write(one, to_text(to_json(*change)), {ttl_of(kChangeLives), "Urgency: normal", topic_of(*change)}));
    message.told = told;
    return std::optional(std::move(message));
  }
  if (told.modseq.value >= one.record.told.modseq.value + kNotedBehind) {
    PushMessage nothing;
    nothing.subscription = one.number;
    nothing.told = told;
    TELEPOST_TRY(taken(login.account, nothing));
  }
  return std::optional<PushMessage>();
}

Result<PushMessage> PushDesk::write(const store::PushSubscription& one, const std::string& text, const std::vector<std::string>& fields) {
  TELEPOST_ASSIGN(const PushUrl url, push_url_from(one.secrets.url));
  PushMessage message;
  message.subscription = one.number;
  message.post.host = url.host;
  message.post.port = url.port;
  message.post.target = url.target;
  message.post.fields = fields;
  message.post.fields.emplace_back("Content-Type: application/json");  // RFC 8620 section 7.2, in whatever coding
  message.post.fields.push_back("Authorization: " + vapid_authorization(key_, url.origin(), contact_, clock_.now()));
  message.post.body = text;
  if (one.secrets.p256dh.empty()) return message;
  const P256Key sender = P256Key::make(random_);
  TELEPOST_ASSIGN(message.post.body, encrypt_push({one.secrets.p256dh, one.secrets.auth}, sender, random_.bytes(kPushSaltBytes), text));
  message.post.fields.emplace_back("Content-Encoding: aes128gcm");
  return message;
}

Result<void> PushDesk::taken(schema::AccountId account, const PushMessage& message) {
  const auto noted = subscriptions_.change(account, message.subscription, [&](schema::PushSubscriptionRecord& record) -> Result<void> {
    record.is_asked = true;
    if (message.told) record.told = *message.told;
    return {};
  });
  if (!noted.ok() && noted.error().kind != Errc::not_found) return noted.error();  // it ended meanwhile
  return {};
}

}  // namespace telepost::adapters::jmap
