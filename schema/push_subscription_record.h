// Where the changes of an account are pushed to (RFC 8620 section 7.2): a record of the account for each subscription, by the rules of
// schema/records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/scram_keys.h"
#include "schema/ids.h"
#include "schema/scopes.h"

namespace telepost::schema {

struct TypeState {
  std::string type, state;
  bool operator==(const TypeState&) const = default;
};

// What somebody was told last.
struct ToldStates {
  Modseq modseq{};
  std::vector<TypeState> own;  // of the types whose states are not the account's modseq
  bool operator==(const ToldStates&) const = default;
};

struct PushSubscriptionRecord {
  std::string device;  // deviceClientId, as the client calls itself
  Time created{};
  Time expires{};
  Time due{};             // when the account's due list ends it
  bool is_asked = false;  // the verification code has reached the push service
  bool is_verified = false;
  std::optional<std::vector<std::string>> types;  // none: all
  ToldStates told;        // of a verified one: what the push service took last
  std::string box;        // PushSecrets, sealed (base/sealed_box.h)
  bool operator==(const PushSubscriptionRecord&) const = default;
};
std::string encode(const PushSubscriptionRecord& record);
Result<PushSubscriptionRecord> decode_PushSubscriptionRecord(std::string_view bytes);

// Who knows the URL can push to the device; who knows the keys can read what was pushed.
struct PushSecrets {
  std::string url;
  std::string p256dh, auth;  // of the device (RFC 8291), as bytes; "" for none
  std::string code;          // verificationCode
  std::string login;         // the name and the keys of the log-in that made it: it ends with them
  ScramKeys keys;
  std::optional<Scopes> scopes = {};  // what the log-in opened, the most that is told; none: written before this was kept
  bool operator==(const PushSecrets&) const = default;
};
std::string encode(const PushSecrets& secrets);
Result<PushSecrets> decode_PushSecrets(std::string_view bytes);

namespace keys {  // schema/keys.cc
std::string push_subscription(std::uint64_t subscription);
inline constexpr std::string_view kPushSubscriptions = "E";
std::string pushed_account(AccountId account);  // in the account's slice of the list of accounts
inline constexpr std::string_view kPushedAccounts = "P";
}  // namespace keys

}  // namespace telepost::schema
