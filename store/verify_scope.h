// What the parts of verify share: where findings go, and whether a hint stands in the calendar.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "store/archive/archive_place.h"
#include "store/dictionaries.h"
#include "store/engine/engine.h"
#include "store/verify.h"

namespace telepost::store {

// The hints that a sweep would still meet, by target. A slice is read when its first target is asked for, and again before a
// hint is said to be missing: a live store writes hints all the time.
class StandingHints {
 public:
  explicit StandingHints(Engine& engine) : engine_(engine) {}
  // Whether a hint for the target stands at `time` or before.
  Result<bool> stands(const schema::Partition& target, Time time);
  // Whether a hint stands that asks about this message's link to a piece.
  Result<bool> asks_about(const schema::Partition& piece, schema::MessageId message);

 private:
  struct Standing {
    Time earliest;
    std::vector<schema::MessageId> messages;
  };
  using Slice = std::unordered_map<schema::Partition, Standing>;
  Result<bool> find(const schema::Partition& target, const std::function<bool(const Standing&)>& wanted);
  Result<void> read(std::uint16_t slice);
  Engine& engine_;
  std::unordered_map<std::uint16_t, Slice> slices_;
  unsigned read_again_ = 0;
};

class VerifyScope {
 public:
  VerifyScope(Engine& engine, Dictionaries& dictionaries, ArchivePlace& archive, Time now, const VerifyOptions& options)
      : engine_(engine), dictionaries_(dictionaries), archive_(archive), now_(now), options_(options), hints_(engine) {}

  Engine& engine() { return engine_; }
  Dictionaries& dictionaries() { return dictionaries_; }
  ArchivePlace& archive() { return archive_; }
  bool reads_archive() const { return options_.archive == VerifyOptions::ArchiveDepth::content; }
  void archive_is_away(const Error& error) { report_.archive_away = to_string(error); }
  Time now() const { return now_; }
  bool one_account() const { return options_.account.has_value(); }
  StandingHints& hints() { return hints_; }
  VerifyReport& report() { return report_; }
  void tick() {
    if (options_.progress) options_.progress(report_);
  }

  void damage(std::string_view check, const schema::Partition& partition, std::string_view key, std::string what) {
    add(Finding::Class::damage, check, partition, key, std::move(what));
  }
  void debris(std::string_view check, const schema::Partition& partition, std::string_view key, std::string what) {
    add(Finding::Class::debris, check, partition, key, std::move(what));
  }
  void debris_if(bool found_later, std::string_view check, const schema::Partition& partition, std::string_view key,
                 std::string what) {
    add(found_later ? Finding::Class::debris : Finding::Class::damage, check, partition, key, std::move(what));
  }
  // Whether the target is looked at in time for what is due then: overdue work may have a hint that follows a failure.
  Result<bool> will_be_looked_at(const schema::Partition& target, Time due);
  Result<bool> has_hint(const schema::Partition& target) { return hints_.stands(target, Time::max()); }

 private:
  void add(Finding::Class as, std::string_view check, const schema::Partition& partition, std::string_view key,
           std::string what);
  Engine& engine_;
  Dictionaries& dictionaries_;
  ArchivePlace& archive_;
  const Time now_;
  const VerifyOptions& options_;
  StandingHints hints_;
  VerifyReport report_;
};

// The parts. Each adds what it finds; an error is one of the engine.
Result<void> verify_account(VerifyScope& scope, schema::AccountId account);
Result<void> verify_piece(VerifyScope& scope, const Digest& digest);
Result<void> verify_directory(VerifyScope& scope);
Result<void> verify_account_list(VerifyScope& scope);
Result<void> verify_calendar_and_cdrs(VerifyScope& scope);
Result<void> verify_outbox(VerifyScope& scope);
Result<void> verify_dictionaries(VerifyScope& scope);
Result<void> verify_archive(VerifyScope& scope);

// Whether the account's due list holds an address check that covers the address.
Result<bool> address_is_checked_later(VerifyScope& scope, schema::AccountId account, std::string_view address);

}  // namespace telepost::store
