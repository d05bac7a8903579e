#include "store/outbox_census.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/metrics.h"
#include "schema/keys.h"
#include "store/outbox_job.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Network;

namespace {

constexpr std::array kNetworks = {Network::mail, Network::sms, Network::mms, Network::fax, Network::call, Network::push, Network::webhook};
constexpr Duration kReadLag = std::chrono::minutes(5);  // a job is written at its writer's now or later

// A gauge with labels, replaced as a whole.
class QueueGauge final : public metrics::Metric {
 public:
  QueueGauge(std::string name, std::string help) : Metric(std::move(name), std::move(help), "gauge") {}
  void set(std::map<std::string, double> cells) {
    const std::lock_guard lock(mutex_);
    cells_ = std::move(cells);
  }
  void append_to(std::string& text) const override {
    append_head(text);
    const std::lock_guard lock(mutex_);
    for (const auto& [labels, value] : cells_) text += name_ + "{" + labels + "} " + std::to_string(value) + "\n";
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, double> cells_;  // guarded by mutex_; by labels as they are shown
};

QueueGauge& jobs() {
  static QueueGauge gauge("telepost_queue_jobs", "Send jobs by network: ready, later, held, or being sent by this process");
  return gauge;
}
QueueGauge& oldest() {
  static QueueGauge gauge("telepost_queue_oldest_seconds", "How long the send job that is due longest has been due");
  return gauge;
}

}  // namespace

Result<void> OutboxCensus::count(Network network, std::uint16_t slice, std::size_t& left, Count& count) {
  const Time now = rooms_.clock.now();
  const std::string prefix = keys::job_of_network(static_cast<std::uint8_t>(network));
  std::string& from = from_.try_emplace({network, slice}, prefix).first->second;
  std::string first;
  const auto reader = rooms_.engine->bulk_reader(schema::Partition::slice(schema::PartitionKind::queue, slice));
  TELEPOST_TRY(reader->scan(Space::queue, from, keys::after(prefix), [&](std::string_view key, std::string_view) {
    const Time time = job_at_end_of(key).time;
    if (first.empty()) {
      first = key;
      count.oldest_ms = std::max<std::int64_t>(count.oldest_ms, (now - time).count());
    }
    if (left == 0) return false;
    --left;
    ++(time <= now ? count.ready : count.later);
    return true;
  }));
  const std::string oldest_new = keys::job_at(prefix, now - kReadLag, 0);
  from = first.empty() ? oldest_new : std::min(first, oldest_new);
  const std::string held = keys::held_job_of_network(static_cast<std::uint8_t>(network));
  return reader->scan(Space::queue, held, keys::after(held), [&](std::string_view, std::string_view) {
    if (left == 0) return false;
    --left;
    ++count.held;
    return true;
  });
}

Result<void> OutboxCensus::take() {
  std::map<std::string, double> counted, waited;
  std::size_t left = most_;
  for (const Network network : kNetworks) {
    Count all;
    for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) TELEPOST_TRY(count(network, slice, left, all));
    const std::size_t sending = rooms_.ready_jobs.sent(network, rooms_.clock.now());
    const std::string label = "network=\"" + std::string(schema::name_of(network)) + "\"";
    counted[label + ",state=\"ready\""] = static_cast<double>(all.ready);
    counted[label + ",state=\"held\""] = static_cast<double>(all.held);
    counted[label + ",state=\"sending\""] = static_cast<double>(sending);
    counted[label + ",state=\"later\""] = static_cast<double>(all.later - std::min(all.later, sending));  // leases end later
    waited[label] = static_cast<double>(all.oldest_ms) / 1000;
  }
  jobs().set(std::move(counted));
  oldest().set(std::move(waited));
  return {};
}

}  // namespace telepost::store
