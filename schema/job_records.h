// Records of the outbox (store/outbox.h), by the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

enum class Network : std::uint8_t { mail = 1, sms, mms, fax, call, push, webhook };
std::string_view name_of(Network network);

// Something to be sent (store/outbox.h). Its time is the next attempt's, or while it is leased the lease's end.
struct JobRecord {
  enum class State : std::uint8_t { waiting = 1, claimed };
  State state = State::waiting;
  bool held = false;          // by an operator: waits for its release
  Network network = Network::mail;
  std::string destination;    // what order and concurrency are per
  AccountId account{};
  LocalId message{};
  std::uint32_t attempts = 0; // begun
  Time created{};
  Time next_attempt{};
  std::optional<Time> expires;
  std::string lease_owner;    // "" : nobody
  std::uint64_t lease_epoch = 0;  // raised by each claim
  Time lease_until{};
  std::string reason;         // of the last retry
  std::string payload;
  bool operator==(const JobRecord&) const = default;
};

// An account's word that a job is its own.
struct JobNameRecord {
  std::string destination;
  bool operator==(const JobNameRecord&) const = default;
};

std::string encode(const JobRecord& record);
Result<JobRecord> decode_JobRecord(std::string_view bytes);
std::string encode(const JobNameRecord& record);
Result<JobNameRecord> decode_JobNameRecord(std::string_view bytes);

}  // namespace telepost::schema
