// What this process knows of the outbox beyond its records: in which lanes jobs stand that may go out, where reading each lane
// goes on, what is being sent, and who is to be woken. A lane is one destination of one network.
//
// All of it can be read from the disk again: the index by network tells, from a position on, whose time came. Writes of this
// process are noted when they are durable, so that a lane's position is exact and what was done before costs nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "schema/job_records.h"

namespace telepost::store {

struct Lane {
  schema::Network network = schema::Network::mail;
  std::uint16_t slice = 0;   // of the queues
  std::string destination;   // the 8 bytes by which the index knows it
  auto operator<=>(const Lane&) const = default;
};
Lane lane_of(const schema::JobRecord& job);

// Any thread; nothing here reads the disk.
class ReadyJobs {
 public:
  using Listener = std::function<void(schema::Network)>;  // often on the committer's thread: post, do not work

  // Until unsubscribe returns the listener may be called; after it, never.
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t subscription);

  // A job stands at `key` (the 16 bytes of time and id that end its index entries) and its time has come.
  enum class Wake { nobody, senders };
  void note(const Lane& lane, std::string_view key, Wake wake);
  // Whether more lanes may be noted; what could not be is found on the disk again.
  bool has_room() const;

  // The next lane of a network in turn, and the same for a given one; none: nothing is ready but where `concurrency` jobs are
  // being sent already, which waits aside until one of them ends. The caller reads from `from` and then says what stays.
  struct Turn {
    Lane lane;
    std::string from;
    std::size_t room = 0;  // how many more jobs may be sent at a time
  };
  std::optional<Turn> next(schema::Network network, std::size_t concurrency, Time now);
  std::optional<Turn> turn_of(const Lane& lane, std::size_t concurrency, Time now);
  void stays(const Lane& lane, std::string_view key) { note(lane, key, Wake::nobody); }
  std::size_t lanes(schema::Network network) const;  // that wait for their turn

  // What is being sent by this process, until its lease ends.
  bool is_sent(const Lane& lane, std::uint64_t job, Time now) const;
  std::size_t sent(schema::Network network, Time now) const;  // of all its lanes
  void begin(const Lane& lane, std::uint64_t job, Time until);
  void end(const Lane& lane, std::uint64_t job);

  std::mutex reading;  // held by the one claim that looks for jobs at a time

  // Where the index by network is read from, by network and slice; under `reading`.
  struct Position {
    std::string next;       // "" : from the front
    Time read{};            // the last time
    Time reread{};          // when all that other processes may have written behind it is read again
    bool more = true;
  };
  std::map<std::pair<schema::Network, std::uint16_t>, Position> positions;

 private:
  struct Waiting {
    std::string from;
    bool aside = false;  // as many are being sent as may be
  };
  std::size_t count_sent(const Lane& lane, Time now);
  void wake(schema::Network network);

  mutable std::mutex mutex_;  // guards all below
  std::map<Lane, Waiting> waiting_;
  std::map<schema::Network, std::deque<Lane>> turns_;
  std::map<Lane, std::map<std::uint64_t, Time>> sent_;
  std::mutex listeners_mutex_;
  std::uint64_t next_listener_ = 1;                // guarded by listeners_mutex_
  std::map<std::uint64_t, Listener> listeners_;    // guarded by listeners_mutex_
};

}  // namespace telepost::store
