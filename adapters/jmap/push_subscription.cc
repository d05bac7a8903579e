#include "adapters/jmap/push_subscription.h"

#include <algorithm>

#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/push_desk.h"
#include "adapters/jmap/push_encryption_codec.h"
#include "adapters/jmap/push_url_codec.h"
#include "adapters/jmap/set.h"
#include "adapters/jmap/types.h"
#include "base/bytes.h"
#include "base/hmac.h"
#include "base/radix64url.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostDeviceBytes = 255;
constexpr std::size_t kMostPushTypes = 100;
constexpr std::size_t kMostTypeBytes = 100;
constexpr std::size_t kCodeBytes = 16;
constexpr char kPushLetter = 'n';

const Names& push_properties() {
  static const Names names = {"id", "deviceClientId", "verificationCode", "expires", "types"};
  return names;
}

Json to_json(const store::PushSubscription& one) {
  return {{"id", to_id(kPushLetter, one.number)},
          {"deviceClientId", one.record.device},
          {"verificationCode", one.record.is_verified ? Json(one.secrets.code) : Json(nullptr)},
          {"expires", to_utc_date(one.record.expires)},
          {"types", one.record.types ? Json(*one.record.types) : Json(nullptr)}};
}

// Section 7.2.1: what the same credentials made.
Result<std::vector<store::PushSubscription>> subscriptions_of(Call& call) {
  TELEPOST_ASSIGN(auto all, call.context.push->subscriptions().list(call.login.account));
  std::erase_if(all, [&](const store::PushSubscription& one) { return !is_of_login(one.secrets, call.login); });
  return all;
}

// A property that is there has its member read; false: it is nothing that the member could be.
bool read_types(const Json& value, std::optional<std::vector<std::string>>& into) {
  into.reset();
  if (value.is_null()) return true;
  if (!value.is_array() || value.size() > kMostPushTypes) return false;
  into.emplace();
  for (const Json& type : value) {
    if (!type.is_string() || type.get_ref<const std::string&>().size() > kMostTypeBytes) return false;
    into->push_back(type.get<std::string>());
  }
  return true;
}

// A second that has passed ends the subscription with it (section 7.2: no requests after this time).
bool read_expires(const Json& value, Time& into) {
  into = Time();  // as late as may be
  if (value.is_null()) return true;
  const auto read = value.is_string() ? utc_date_from(value.get_ref<const std::string&>()) : Result<Time>(Errc::invalid, "");
  if (read.ok()) into = std::max(*read, from_millis(1));
  return read.ok();
}

bool read_device(const Json& value, std::string& into) {
  if (!value.is_string()) return false;
  into = value.get<std::string>();
  return !into.empty() && into.size() <= kMostDeviceBytes;
}

bool read_url(const Json& value, std::string& into) {
  if (!value.is_string()) return false;
  into = value.get<std::string>();
  return push_url_from(into).ok();
}

bool read_keys(const Json& value, schema::PushSecrets& into) {
  if (value.is_null()) return true;
  if (!value.is_object() || value.size() != 2) return false;
  const auto member = [&](const char* name) {
    const auto found = value.find(name);
    if (found == value.end() || !found->is_string()) return std::string();
    auto bytes = from_base64url(found->get_ref<const std::string&>());
    return bytes.ok() ? *std::move(bytes) : std::string();
  };
  into.p256dh = member("p256dh");
  into.auth = member("auth");
  return is_p256_public_key(into.p256dh) && into.auth.size() == kPushAuthBytes;
}

struct NewSubscription {
  schema::PushSubscriptionRecord record;
  schema::PushSecrets secrets;
};

// Gives the names of the properties that are wrong or missing.
std::vector<std::string> read_new(const Json& object, NewSubscription& into) {
  std::vector<std::string> wrong;
  for (const auto& [name, value] : object.items()) {
    const bool is_right = name == "deviceClientId" ? read_device(value, into.record.device)
                          : name == "url"          ? read_url(value, into.secrets.url)
                          : name == "keys"         ? read_keys(value, into.secrets)
                          : name == "expires"      ? read_expires(value, into.record.expires)
                          : name == "types"        ? read_types(value, into.record.types)
                                                   : name == "verificationCode" && value.is_null();
    if (!is_right) wrong.push_back(name);
  }
  for (const char* const name : {"deviceClientId", "url"}) {
    if (!object.contains(name)) wrong.emplace_back(name);
  }
  return wrong;
}

SetOutcome push_outcome(const Error& error) {
  if (error.kind == Errc::too_many) return SetError{"overQuota", error.detail};
  if (error.kind == Errc::not_found) return SetError{"notFound"};
  return error;
}

class PushVerbs final : public SetVerbs {
 public:
  explicit PushVerbs(Call& call) : call_(call), desk_(*call.context.push) {}

  SetOutcome create(const Json& object) override {
    NewSubscription wanted;
    if (auto wrong = read_new(object, wanted); !wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    if (!desk_.admit(call_.login.account)) return SetError{"rateLimit", "too many push subscriptions were made in the last hour"};
    wanted.secrets.code = to_hex(desk_.random_bytes(kCodeBytes));
    put_login(call_.login, wanted.secrets);
    const auto made = desk_.subscriptions().add(call_.login.account, std::move(wanted.record), wanted.secrets);
    if (!made.ok()) return push_outcome(made.error());
    desk_.changed(call_.login.account);
    Json besides = to_json(*made);
    besides["keys"] = nullptr;
    for (const auto& [name, value] : object.items()) {
      if (name == "keys" || besides.value(name, Json()) == value) besides.erase(name);
    }
    return besides;
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    const auto mine = find(id);
    if (!mine.ok()) return push_outcome(mine.error());
    const Json was = to_json(*mine);
    Json patched = was;
    if (const auto applied = apply_patch(patched, patch, {{"expires", nullptr}, {"types", nullptr}, {"verificationCode", nullptr}}); !applied.ok()) {
      return SetError{"invalidPatch", applied.error().detail};
    }
    store::PushSubscription wanted = *mine;
    if (auto wrong = read_changed(was, patched, wanted); !wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    if (wanted.record.is_verified && !mine->record.is_verified) {
      const auto now = desk_.states_now(call_.login, wanted.record.types);
      if (!now.ok()) return now.error();
      wanted.record.told = *now;
    }
    return keep(*mine, wanted, patched);
  }

  SetOutcome destroy(const std::string& id) override {
    const auto mine = find(id);
    if (!mine.ok()) return push_outcome(mine.error());
    const Result<void> removed = desk_.subscriptions().remove(call_.login.account, mine->number);
    return removed.ok() ? SetOutcome(Json(nullptr)) : push_outcome(removed.error());
  }

 private:
  Result<store::PushSubscription> find(const std::string& id) {
    TELEPOST_ASSIGN(auto all, subscriptions_of(call_));
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return to_id(kPushLetter, one.number) == id; });
    if (found == all.end()) return {Errc::not_found, "no such push subscription"};
    return std::move(*found);
  }

  // Gives the names of what cannot be so.
  static std::vector<std::string> read_changed(const Json& was, const Json& patched, store::PushSubscription& into) {
    std::vector<std::string> wrong;
    for (const auto& [name, value] : patched.items()) {
      if (was.contains(name) && was.at(name) == value) continue;
      bool is_right = false;
      if (name == "expires") is_right = read_expires(value, into.record.expires);
      if (name == "types") is_right = read_types(value, into.record.types);
      if (name == "verificationCode") {
        is_right = value.is_string() && equal_in_constant_time(value.get_ref<const std::string&>(), into.secrets.code);
        into.record.is_verified = into.record.is_verified || is_right;
      }
      if (!is_right) wrong.push_back(name);
    }
    for (const auto& [name, value] : was.items()) {
      if (!patched.contains(name)) wrong.push_back(name);
    }
    return wrong;
  }

  // What was pushed meanwhile stays noted.
  SetOutcome keep(const store::PushSubscription& before, const store::PushSubscription& wanted, const Json& patched) {
    const auto kept = desk_.subscriptions().change(call_.login.account, before.number, [&](schema::PushSubscriptionRecord& record) -> Result<void> {
      if (wanted.record.expires != before.record.expires) record.expires = wanted.record.expires;
      record.types = wanted.record.types;
      if (wanted.record.is_verified && !record.is_verified) record.told = wanted.record.told;
      record.is_verified = record.is_verified || wanted.record.is_verified;
      return {};
    });
    if (!kept.ok()) return push_outcome(kept.error());
    desk_.changed(call_.login.account);
    const Json expires = to_utc_date(kept->expires);
    return expires == patched.at("expires") ? Json(nullptr) : Json{{"expires", expires}};
  }

  Call& call_;
  PushDesk& desk_;
};

}  // namespace

MethodResult get_push_subscriptions(Call& call) {
  const auto known = [](std::string_view property) { return push_properties().contains(property) || property == "url" || property == "keys"; };
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, known, call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  if (get.properties && (get.properties->contains("url") || get.properties->contains("keys"))) {
    return MethodError{"forbidden", "url and keys are told to nobody"};
  }
  TELEPOST_ASSIGN(const auto all, subscriptions_of(call));
  const auto find = [&](const std::string& id) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return to_id(kPushLetter, one.number) == id; });
    return found == all.end() ? nullptr : &*found;
  };
  const auto json_of = [](const store::PushSubscription& one) { return to_json(one); };
  Json json = to_json(answer_get(get, {}, all, find, json_of), {});
  json.erase("accountId");
  json.erase("state");
  return json;
}

MethodResult set_push_subscriptions(Call& call) {
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_TRY(call.arguments.done());
  if (set.if_in_state) return MethodError{"invalidArguments", "push subscriptions have no state"};
  PushVerbs verbs(call);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  Json json = to_json(response, {});
  for (const char* const name : {"accountId", "oldState", "newState"}) json.erase(name);
  return json;
}

void add_push_subscriptions(Methods& methods) {
  methods.add(kCore, {{"PushSubscription/get", get_push_subscriptions}, {"PushSubscription/set", set_push_subscriptions}});
  methods.offer({kVapid, [](const Context& context) { return Json{{"applicationServerKey", to_base64url(context.push->server_key().public_key())}}; }});
}

}  // namespace telepost::adapters::jmap
