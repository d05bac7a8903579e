#include "store/committer.h"

#include <chrono>
#include <future>
#include <unordered_set>
#include <utility>

#include "base/metrics.h"

namespace telepost::store {
namespace {

constexpr std::size_t kGroupCommits = 512;
constexpr std::size_t kGroupBytes = 8u << 20;

metrics::Histogram& commit_seconds() {
  static metrics::Histogram histogram("telepost_commit_seconds", "From the write of a group to its sync",
                                      metrics::latency_bounds());
  return histogram;
}
metrics::Histogram& batch_messages() {
  static metrics::Histogram histogram("telepost_commit_batch_messages", "Messages delivered by one synced write",
                                      {0, 1, 2, 4, 8, 16, 32, 64, 128, 256});
  return histogram;
}

std::size_t size_of(const CommitList& list) {
  std::size_t size = 0;
  for (const CommitEntry& entry : list) size += entry.batch.size_bytes();
  return size;
}

bool has_expectations(const CommitList& list) {
  for (const CommitEntry& entry : list) {
    if (!entry.expectations.empty()) return true;
  }
  return false;
}

}  // namespace

Committer::Committer(Engine& engine, Health& health, ChangeFeed& feed)
    : engine_(engine), health_(health), feed_(feed), thread_([this] { loop(); }) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::submit(Commit commit) {
  for (const Commit::Advance& advance : commit.advances) advance.head->begin_commit(advance.touches);
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = queue_.empty();
    queue_.push_back(std::move(commit));
  }
  if (was_empty) wake_.notify_one();
}

Result<void> Committer::commit(CommitList list) {
  std::vector<CommitList> lists;
  lists.push_back(std::move(list));
  return std::move(commit_all(std::move(lists))[0]);
}

std::vector<Result<void>> Committer::commit_all(std::vector<CommitList> lists) {
  std::vector<std::promise<Result<void>>> promises(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    submit({std::move(lists[i]), {}, {}, [&promise = promises[i]](const Result<void>& result) { promise.set_value(result); }});
  }
  std::vector<Result<void>> results;
  for (auto& promise : promises) results.push_back(promise.get_future().get());
  return results;
}

void Committer::loop() {
  for (std::vector<Commit> group = take_group(); !group.empty(); group = take_group()) commit_group(group);
}

// What waits, in order, up to the bounds. A list that may be refused shares no group with another of the same head, so that
// nothing built on it can be committed beside its refusal.
std::vector<Commit> Committer::take_group() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Commit> group;
  std::size_t bytes = 0;
  std::unordered_set<const Head*> refusable;
  std::unordered_set<const Head*> advanced;
  while (!queue_.empty() && group.size() < kGroupCommits && bytes < kGroupBytes) {
    Commit& next = queue_.front();
    const bool may_be_refused = has_expectations(next.list);
    bool clash = false;
    for (const Commit::Advance& advance : next.advances) {
      clash = clash || refusable.contains(advance.head.get()) || (may_be_refused && advanced.contains(advance.head.get()));
    }
    if (clash) break;
    for (const Commit::Advance& advance : next.advances) {
      (may_be_refused ? refusable : advanced).insert(advance.head.get());
    }
    bytes += size_of(next.list);
    group.push_back(std::move(next));
    queue_.pop_front();
  }
  return group;
}

void Committer::commit_group(std::vector<Commit>& group) {
  std::vector<CommitList> lists;
  std::vector<Result<void>> results(group.size());
  std::vector<std::size_t> members;  // which of the group each list is
  std::uint32_t messages = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    bool broken = false;
    for (const Commit::Advance& advance : group[i].advances) broken = broken || advance.head->broken();
    if (broken) {
      // What was built on this commit's other heads waits in the same group: it must not pass.
      for (const Commit::Advance& advance : group[i].advances) advance.head->give_up();
      results[i] = {Errc::io, "a commit before this one failed"};
      continue;
    }
    if (group[i].list.empty()) continue;  // waits only for what was submitted before it
    lists.push_back(std::move(group[i].list));
    members.push_back(i);
    messages += group[i].messages;
  }
  if (!lists.empty()) {
    std::vector<Result<void>> committed(lists.size());
    const auto begin = std::chrono::steady_clock::now();
    engine_.commit(lists, committed);
    commit_seconds().observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    batch_messages().observe(messages);
    delivered_.fetch_add(messages, std::memory_order_relaxed);
    for (std::size_t k = 0; k < lists.size(); ++k) {
      if (committed[k].ok()) health_.commit_succeeded();
      else if (committed[k].error().kind != Errc::conflict) health_.commit_failed(committed[k].error());
      results[members[k]] = std::move(committed[k]);
    }
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    for (const Commit::Advance& advance : group[i].advances) {
      if (results[i].ok() && advance.is_told) feed_.announce(advance.head->id(), advance.modseq);
      advance.head->end_commit(advance.touches, results[i].ok());
    }
    if (results[i].ok()) {
      for (const auto& wake : group[i].wakes) wake();
    }
    if (group[i].done) group[i].done(results[i]);
  }
}

}  // namespace telepost::store
