#include "store/deliver.h"

#include <algorithm>

#include "policies/delivery.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/directory.h"
#include "store/intake.h"
#include "store/quota.h"
#include "store/resolve.h"
#include "store/rooms.h"

namespace telepost::store {
namespace {

// Splits ann+detail@example.test (RFC 5233) into address and detail.
struct Detailed {
  std::string address;
  std::string detail;
};

Detailed split_detail(const std::string& address) {
  const std::size_t plus = address.find('+');
  const std::size_t at = address.rfind('@');
  if (address.starts_with("mailto:\"")) return {address, ""};  // the plus is one of the name's own characters
  if (!address.starts_with("mailto:") || plus == std::string::npos || at == std::string::npos || plus > at || plus == 7) return {address, ""};
  return {address.substr(0, plus) + address.substr(at), address.substr(plus + 1, at - plus - 1)};
}

Result<void> receives(const schema::AccountRecord& profile) {
  if (profile.state == schema::AccountState::closed) return {Errc::refused, "the account is closed"};
  if (profile.state == schema::AccountState::deleting) return {Errc::not_found, "no such account"};
  return {};
}

// Asked before the content is sent; what is decided is decided when it is there.
Result<void> has_room(AccountWrite& write, const ResolveOptions& options) {
  if (!options.size_bytes) return {};
  policies::DeliveryFacts facts;
  facts.state = write.profile().state;
  facts.service = &write.service();
  facts.size_bytes = *options.size_bytes;
  facts.quota = quota_facts(write, facts.kind);
  const policies::DeliveryVerdict verdict = policies::decide_delivery(facts);
  return verdict.refusal ? Result<void>(*verdict.refusal) : Result<void>();
}

// Without waiting for lock or disk: the address was asked for lately and its account is in memory.
std::optional<Result<Recipient>> resolve_from_memory(Rooms& rooms, const std::string& canonical, const ResolveOptions& options) {
  const std::optional<schema::AccountId> account = rooms.addresses.find(canonical);
  if (!account) return std::nullopt;
  std::optional<AccountWrite> write = AccountWrite::try_begin(rooms, *account);
  if (!write) return std::nullopt;
  const std::vector<std::string>& addresses = write->profile().addresses;
  if (std::find(addresses.begin(), addresses.end(), canonical) == addresses.end()) return std::nullopt;
  if (write->profile().state == schema::AccountState::deleting) return std::nullopt;  // the address may be another's by now
  const Result<void> open = receives(write->profile());
  if (!open.ok()) return Result<Recipient>(open.error());
  if (const Result<void> room = has_room(*write, options); !room.ok()) return Result<Recipient>(room.error());
  return Result<Recipient>(Recipient{*account, canonical, ""});
}

}  // namespace

bool serves(Rooms& rooms, const std::string& canonical) {
  return Directory(rooms).range_of(split_detail(canonical).address).has_value();
}

Result<Recipient> resolve_now(Rooms& rooms, const std::string& given, const ResolveOptions& options) {
  TELEPOST_ASSIGN(const std::string canonical, canonical_address(given));
  Directory directory(rooms);
  // An address that was given out with a plus in it goes before its reading as a detail.
  for (const Detailed& reading : {Detailed{canonical, ""}, split_detail(canonical)}) {
    TELEPOST_ASSIGN(const auto found, directory.find(reading.address));
    if (!found) continue;
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, *found, AccountWrite::Mode::without_reads));
    TELEPOST_TRY(receives(write.profile()));
    TELEPOST_TRY(has_room(write, options));
    rooms.addresses.remember(reading.address, *found);
    return Recipient{*found, reading.address, reading.detail};
  }
  const Detailed reading = split_detail(canonical);
  const std::optional<Range> range = directory.range_of(reading.address);
  if (!range || !range->create || options.creation == ResolveOptions::Creation::never) {
    return {Errc::not_found, "no account has the address " + reading.address};
  }
  TELEPOST_TRY(rooms.health.check());
  if (!rooms.creation_limit.allow(options.peer, rooms.clock.now())) {
    return {Errc::too_many, "too many new accounts from this peer within the hour"};
  }
  schema::AccountRecord profile;
  profile.class_of_service = range->class_of_service;
  profile.addresses = {reading.address};
  const Result<schema::AccountId> created = directory.create(std::move(profile));
  if (created.ok()) return Recipient{*created, reading.address, reading.detail};
  if (created.error().kind != Errc::exists) return created.error();
  // Somebody else's first message made it at the same moment.
  TELEPOST_ASSIGN(const auto found, directory.find(reading.address));
  if (!found) return {Errc::busy, "the account is being made; try again"};
  return Recipient{*found, reading.address, reading.detail};
}

void Deliver::resolve(std::string address, ResolveOptions options, Completion<Recipient> done) {
  const Result<std::string> canonical = canonical_address(address);
  if (!canonical.ok()) return done(canonical.error());
  if (std::optional<Result<Recipient>> known = resolve_from_memory(rooms_, *canonical, options)) return done(std::move(*known));
  const Result<void> taken = rooms_.workers.run([&rooms = rooms_, address = std::move(address), options = std::move(options), done] {
    done(resolve_now(rooms, address, options));
  });
  if (!taken.ok()) done(taken.error());
}

bool Deliver::serves(const std::string& canonical) const { return store::serves(rooms_, canonical); }

std::unique_ptr<Intake> Deliver::begin(Incoming incoming) {
  return std::make_unique<IntakeSession>(rooms_, std::move(incoming));
}

}  // namespace telepost::store
