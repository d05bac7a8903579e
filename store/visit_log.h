// The log of visits: each connection to a listener, and each log-in that was tried on it. What is noted waits in memory and is written in
// batches, a second later at the most. It is a log, no promise: a crash may lose that second, and what comes faster than it can be written, or
// while the disk's reserve is reached (store/health.h), is counted and dropped. When messages were read is another matter (store/accesses.h).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "schema/visit_record.h"
#include "schema/visit_settings.h"

namespace telepost::store {

struct Rooms;

inline constexpr std::size_t kMostWaitingVisits = 10'000;  // beyond it the newest records are dropped; as many may be on their way to the disk

// Any thread. What notes never blocks on the disk; what reads or writes may.
class VisitLog {
 public:
  explicit VisitLog(Rooms& rooms);
  ~VisitLog();  // stop()
  VisitLog(const VisitLog&) = delete;
  VisitLog& operator=(const VisitLog&) = delete;

  // A server serves from here on, and does no more. Outside of that, and where visits.keep is 0, what is noted goes nowhere: a command has
  // no visitors. stop() writes what waits.
  void start();
  void stop();

  // ---- To be noted. 0 is the number of no visit, and what is said of it goes nowhere.
  std::uint64_t begin(std::string_view listener, std::string_view peer);
  struct Attempt {
    std::string peer = {};                            // whom a front speaks for may be another one than at the beginning
    std::string method = {};
    std::optional<schema::AccountId> account = {};    // whose name it is; none: nobody's
    std::string name = {};                            // an address of that account in any spelling; where there is none, ignored
    std::string refused = {};                         // why; "" is accepted
  };
  // A log-in on the visit. Who accepts the same one again and again (each request of a client by HTTP) tells of it once
  // (adapters/net/visit.h).
  void log_in(std::uint64_t visit, Attempt attempt);
  void end(std::uint64_t visit, std::uint64_t bytes_in, std::uint64_t bytes_out);
  // Of what is no visit with a beginning and an end. Its time is given here.
  void note(schema::VisitRecord record);

  // ---- To be read.
  // Writes what waits.
  void flush();
  struct Stretch {
    std::string cursor = {};             // what an earlier list gave; "" is the beginning
    std::optional<Time> since = {};      // this moment included
    std::optional<Time> until = {};      // this one not
  };
  // Every record of the stretch that was noted by now, in the order of writing, which may differ by a second from that of the times. False
  // from visit ends it. Gives the cursor to go on from: with it nothing is repeated and nothing left out, also over a crash. Errors: invalid
  // (no such cursor), io, corrupt.
  using Visitor = std::function<bool(std::uint64_t number, const schema::VisitRecord&)>;
  Result<std::string> list(const Stretch& stretch, const Visitor& visit);
  // The connections that stand now, as records without an end.
  std::vector<schema::VisitRecord> standing() const;
  bool is_of_this_run(std::uint64_t visit) const;
  std::optional<Time> started() const;  // this run; none outside of a server
  bool has_connections() const { return settings_.connections; }

 private:
  void run();
  void append(schema::VisitRecord record);
  bool is_wanted(const schema::VisitRecord& record) const;
  void write(const std::vector<schema::VisitRecord>& records);
  Result<void> commit(const std::vector<schema::VisitRecord>& records);
  Result<void> find_last();

  Rooms& rooms_;
  const schema::VisitSettings& settings_;

  std::mutex write_mutex_;                  // before mutex_
  std::optional<std::uint64_t> last_;       // the highest number given out; guarded by write_mutex_

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool running_ = false;                    // guarded by mutex_, as the next ones
  std::optional<Time> started_;
  std::vector<schema::VisitRecord> waiting_;
  std::map<std::uint64_t, schema::VisitRecord> standing_;
  std::thread thread_;                      // start() and stop() alone
};

// What visits.keep has passed goes out of a slice, batch after batch while `goes_on`; a hint is written for what stays. False: more is to go.
Result<bool> trim_visits(Rooms& rooms, const schema::Partition& slice, const std::function<bool()>& goes_on);

}  // namespace telepost::store
