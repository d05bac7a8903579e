// Everything that is to be sent, whatever the network: durable jobs, ordered per destination by the time of their next
// attempt. A sender claims jobs under a lease, renews it while it works, and reports; a lapsed lease is offered again.
//
// The job is written first, and goes out only once the account's batch, written last, names it: a crash sends nothing that
// nobody sees. A job that no account came to name is debris, and a hint in the calendar finds it. A job goes the other way
// round: its name first, in the batch that keeps the outcome, then the job.
//
// Destinations of a network take turns, so that one with 100,000 jobs does not hold the others, and of each only so many jobs
// are leased at a time.
//
// Any thread. Every verb but enqueue(), subscribe() and unsubscribe() blocks on the disk. Two stores on one engine never both hold a
// job's lease: every change to a job expects the record that it was decided on.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/partition.h"
#include "schema/job_records.h"
#include "schema/records.h"
#include "store/engine/batch.h"
#include "store/ready_jobs.h"

namespace telepost::store {

class AccountWrite;
struct Rooms;

inline constexpr std::size_t kMaxJobPayload = 64u << 10;
inline constexpr Duration kNameWait = std::chrono::minutes(15);  // longer than a commit may take

struct Job {
  std::uint64_t id = 0;
  schema::JobRecord record;
  Time check{};  // of one that ends: when it is asked whether it is gone
  bool expired(Time now) const { return record.expires && *record.expires <= now; }
};

struct NewJob {
  schema::Network network = schema::Network::mail;
  std::string destination;       // what order and concurrency are per: a domain, a number, a URL's host; up to 255 bytes
  schema::LocalId message{};     // of the account that names the job
  std::optional<Time> first_attempt;  // none: now
  std::optional<Time> expires;   // offered once more at this time, for its sender to give up
  std::string payload;           // what the sender needs; up to kMaxJobPayload
};

struct JobFilter {
  std::optional<schema::Network> network;
  std::optional<std::string> destination;
  std::optional<schema::AccountId> account;
};

class Outbox {
 public:
  explicit Outbox(Rooms& rooms) : rooms_(rooms) {}

  // Puts the job and its check ahead of the account's batch, and its name into it; gives the job's id. Nothing is changed
  // before the write is submitted. Errors: invalid, too_large.
  Result<std::uint64_t> enqueue(AccountWrite& write, NewJob job);

  struct Claim {
    std::optional<schema::Network> network;   // one of these two, or both
    std::optional<std::string> destination;
    std::size_t limit = 16;
    std::string owner;                        // who claims, for people
    Duration lease = std::chrono::minutes(5);
    // Of one destination, leased by this process at one time. None: queue.concurrency for mail, any number for the rest.
    std::optional<std::size_t> concurrency = {};
  };
  // Up to `limit` jobs whose time has come, oldest first within a destination, each leased to the caller. A job past its
  // `expires` is offered as well: its sender gives up and says so. Costs O(given), whatever waits or was done before.
  Result<std::vector<Job>> claim(const Claim& claim);

  // Called when a claim for the network may give more than the last one did: a job is durable, was released or asked for by hand, or
  // a destination that had as many as it may has one less. Jobs whose time comes later wake nobody: see next_due().
  using Listener = ReadyJobs::Listener;  // on any thread, often the committer's: post, do not work
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t subscription);  // once it returns the listener is not called any more
  // When the next job of the network is due, at now or later; none: there is none but held ones.
  Result<std::optional<Time>> next_due(schema::Network network);

  // conflict: the lease lapsed and somebody else has the job, or it is gone. What was claimed is not the caller's any more.
  Result<Job> renew(const Job& job, Duration lease);
  Result<void> retry_at(const Job& job, Time when, std::string_view reason);
  // Several at once, by one synced write; one result for each, conflict as above. A job that is kept or ends is then the caller's for
  // a minute more, under a new lease; conclude() is to follow.
  struct Change {
    Job job;  // as it was claimed
    enum class How { waits, kept, ends } how = How::waits;  // for its next attempt; by its claimer; and will be gone
    Time next_attempt{};
    std::string reason;
    std::string payload;
  };
  std::vector<Result<Job>> change_all(const std::vector<Change>& changes);
  // A job whose end needs nothing kept in it before the account's batch, as it stands: its lease lasts for as long as a commit may
  // take, and the check that was asked for when it was enqueued is still to come. conclude() may follow at once. None: change_all() is
  // to come first. Errors: conflict as above.
  Result<std::optional<Job>> ends_at_once(const Job& job);
  // Behind the account's batch: the job goes, and its name in it; or it stands as `after`, waiting.
  void conclude(AccountWrite& write, const Job& job, const std::optional<Job>& after);
  Result<void> discard(const Job& job);  // of an ending job whose account is gone
  // Done, or failed for good: the job goes. `change` puts what became of it (delivery state, CDR) into the account's batch that
  // takes its name away; it is not called when the account is gone. A crash in between offers the job again.
  Result<void> finish(const Job& job, const std::function<Result<void>(AccountWrite&)>& change = {});

  // For people. Errors: not_found; busy: being sent at this moment (remove), its outcome being kept, or changed by many at once.
  // In the order in which they were made, behind the job `after`, which may be gone; 0: from the first.
  Result<void> list(const JobFilter& filter, std::uint64_t after, std::size_t limit, const std::function<bool(const Job&)>& visit);
  Result<Job> show(std::uint64_t id);
  Result<void> hold(std::uint64_t id);     // stays until released; an attempt under way ends first
  Result<void> release(std::uint64_t id);  // its next attempt is now
  Result<void> retry(std::uint64_t id);    // the next attempt is now
  Result<void> remove(std::uint64_t id);
  // Leases the job to the caller whenever it is due, for an end by hand. busy as above.
  Result<Job> seize(std::uint64_t id, const std::string& owner);

  // What a hint for a queue's slice asks for: jobs that nobody names are removed. early: also those whose time to be named
  // has not passed (only where nothing is being enqueued).
  enum class Check { when_due, early };
  Result<void> check(std::uint16_t slice, Check when);
  // Removes every job that the account names, before its records go.
  Result<void> forget(schema::AccountId account);

 private:
  struct Stored {
    Job job;
    std::string bytes;  // the record as it was read: what a change expects
  };
  Result<std::optional<Stored>> read(const schema::Partition& partition, std::uint64_t id);
  Result<Stored> find(std::uint64_t id);
  Result<bool> is_named(const Job& job);
  struct Looking;  // a claim on its way through the lanes; store/outbox_claim.cc
  Result<void> discover(schema::Network network, std::uint16_t slice);
  Result<void> look(Looking& looking);
  Result<std::size_t> take_turn(Looking& looking, const ReadyJobs::Turn& turn, std::size_t limit);
  Result<bool> consider(Looking& looking, const ReadyJobs::Turn& turn, std::string_view key);
  Result<std::vector<Job>> lease(std::vector<Stored> jobs, const Claim& claim);
  static void note(Rooms& rooms, const Job& job, ReadyJobs::Wake wake);
  Result<void> change(const Stored& before, const Job& after);
  static CommitList changed(const Change& change, const Stored& stored, Job& job, Time now);
  Result<void> change_by_hand(std::uint64_t id, const std::function<Result<void>(schema::JobRecord&)>& change);
  Result<Stored> expect_lease(const Job& job);
  Result<void> end(const Stored& stored, const std::function<Result<void>(AccountWrite&)>& change);
  std::string cursor(const schema::Partition& partition, const std::string& prefix);
  void keep_cursor(const schema::Partition& partition, const std::string& prefix, std::string key);

  Rooms& rooms_;
  std::mutex cursors_mutex_;
  std::map<std::string, std::string> cursors_;   // guarded by cursors_mutex_; where reading an index begins
};

}  // namespace telepost::store
