// The log of visits: who connected to a listener and logged in or tried to, for whoever has to answer for the service (S2-24, S2-109). Never
// what was typed: of a name that is nobody's not even the name, which may be a password in the wrong field. By the rules of
// schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/partition.h"

namespace telepost::schema {

// One event, told once it is over.
struct VisitRecord {
  enum class Event : std::uint8_t {
    login = 1,   // an attempt, whatever became of it
    connection,  // from its beginning to its end
    started,     // the server began; what came before without a `stopped` was broken off
    stopped,
  };
  enum class Result : std::uint8_t { accepted = 1, refused };
  Event event = Event::login;
  Result result = Result::accepted;
  Time time{};              // of a connection: its end
  std::uint64_t visit = 0;  // the connection's number, the same in the log-ins on it; 0: none
  std::string listener = {};     // "submission", "jmap"
  std::string peer = {};         // "192.0.2.1", "unix:1000"
  AccountId account{};      // 0: nobody's; of a connection: who logged in on it last for the first time
  std::string name = {};         // an address of the account, canonical; "" where there is no account
  std::string method = {};       // "basic", "SCRAM-SHA-256"; of the admin socket: the verb
  std::string reason = {};       // why it was refused
  // Of a connection.
  Time begun{};
  std::uint64_t bytes_in = 0;  // as the protocol sees them, without TLS
  std::uint64_t bytes_out = 0;
  bool operator==(const VisitRecord&) const = default;
};
std::string_view name_of(VisitRecord::Event event);    // "login"
std::string_view name_of(VisitRecord::Result result);  // "refused"

std::string encode(const VisitRecord& record);
Result<VisitRecord> decode_VisitRecord(std::string_view bytes);

// Where a record lies: in the partitions of the audit log, `V number:8` in the space queue. Numbers grow with the order of writing and begin
// with the time of writing, so that records are found by time; those of one hour lie in one slice.
namespace keys {
inline constexpr std::string_view kVisits = "V";
std::uint64_t first_visit_of(Time time);        // no record that was written earlier has such a number
Time visit_written(std::uint64_t number);
Partition visit_slice(std::uint64_t number);
std::string visit(std::uint64_t number);
}  // namespace keys

}  // namespace telepost::schema
