#include "store/archive/archive_place.h"

#include <chrono>

#include "base/metrics.h"

namespace telepost::store {
namespace {

constexpr unsigned kReadsAtOnce = 4;
constexpr unsigned kReadsWaiting = 16;
constexpr auto kTurnWithin = std::chrono::seconds(60);
constexpr auto kRest = std::chrono::seconds(30);

metrics::Counter& calls() {
  static metrics::Counter counter("telepost_archive_calls_total", "Calls to the archive", {"call", "result"});
  return counter;
}
metrics::Histogram& seconds() {
  static metrics::Histogram histogram("telepost_archive_seconds", "How long the archive took for a call", {0.001, 0.01, 0.1, 1, 10, 60});
  return histogram;
}

Error none() { return {Errc::unavailable, "the message lies in the archive, and no archive is configured"}; }

std::string why(std::string_view what, const Error& error) { return std::string(what) + ": " + error.detail; }

}  // namespace

// One of the reads that the archive is asked at once.
class ArchivePlace::Turn {
 public:
  explicit Turn(ArchivePlace& place) : place_(place) {
    std::unique_lock lock(place_.mutex_);
    if (place_.running_ >= kReadsAtOnce && place_.waiting_ >= kReadsWaiting) return;
    ++place_.waiting_;
    taken_ = place_.turn_.wait_for(lock, kTurnWithin, [this] { return place_.running_ < kReadsAtOnce; });
    --place_.waiting_;
    if (taken_) ++place_.running_;
  }
  ~Turn() {
    if (!taken_) return;
    {
      const std::lock_guard lock(place_.mutex_);
      --place_.running_;
    }
    place_.turn_.notify_one();
  }
  bool taken() const { return taken_; }

 private:
  ArchivePlace& place_;
  bool taken_ = false;
};

ArchivePlace::ArchivePlace(std::unique_ptr<Archive> archive, const Clock& clock) : archive_(std::move(archive)), clock_(clock) {}
ArchivePlace::~ArchivePlace() = default;

void ArchivePlace::stop() {
  if (archive_) archive_->stop();
}

bool ArchivePlace::is_resting() const { return clock_.steady() < rest_until_.load(std::memory_order_relaxed); }

template <typename T>
Result<T> ArchivePlace::told(std::string_view call, Result<T> result) {
  calls().with({std::string(call), result.ok() ? "ok" : std::string(name_of(result.error().kind))}).add();
  if (result.ok() || result.error().kind == Errc::not_found) {
    rest_until_.store(SteadyTime::min(), std::memory_order_relaxed);
  } else if (result.error().kind != Errc::cancelled) {
    rest_until_.store(clock_.steady() + kRest, std::memory_order_relaxed);
    owned_.store(false, std::memory_order_release);  // what answers next at its place may be another
  }
  if (result.ok() || result.error().kind == Errc::not_found) return result;
  return {result.error().kind, why("the archive", result.error())};
}

// The first store that comes leaves its id; who finds another's keeps out, since names of accounts may well be the same where one
// store is the copy of another.
Result<void> ArchivePlace::ready() {
  if (!archive_) return none();
  if (owned_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(owning_);
  if (owned_.load(std::memory_order_acquire)) return {};
  TELEPOST_ASSIGN(const auto owner, told("owner", archive_->owner()));
  if (!owner && memory_.begun == memory_.place) {
    return refused("the archive is empty, and this store has used it: is its folder mounted, is its bucket the right one?");
  }
  if (!owner) TELEPOST_TRY(told("owner", archive_->set_owner(store_id_)));
  TELEPOST_TRY(is_ours());  // two that came at one moment: the later one's id stays
  if (memory_.keep && memory_.begun != memory_.place) TELEPOST_TRY(memory_.keep());
  memory_.begun = memory_.place;
  owned_.store(true, std::memory_order_release);
  return {};
}

Result<void> ArchivePlace::is_ours() {
  TELEPOST_ASSIGN(const auto owner, told("owner", archive_->owner()));
  if (!owner) return refused("the archive does not say whose it is: is what was put there still there?");
  if (*owner != store_id_) return refused("the archive belongs to another store; give this one a place of its own");
  return {};
}

// The right one may come to be there, as when its folder is mounted: it is looked for with the next call.
Error ArchivePlace::refused(std::string why) {
  owned_.store(false, std::memory_order_release);
  rest_until_.store(clock_.steady() + kRest, std::memory_order_relaxed);
  archive_->let_go();
  return {Errc::unavailable, std::move(why)};
}

Result<void> ArchivePlace::answers() {
  TELEPOST_TRY(ready());
  return is_ours();
}

Result<std::string> ArchivePlace::fetch(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest) {
  const auto begin = std::chrono::steady_clock::now();
  auto bytes = told("get", archive_->get(name, size_bytes));
  seconds().observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  if (!bytes.ok() && bytes.error().kind != Errc::too_large) return bytes;
  if (!bytes.ok() || bytes->size() != size_bytes || sha256(*bytes) != digest) {
    return {Errc::corrupt, "the archive gives other bytes than were put under " + to_string(name)};
  }
  return bytes;
}

Result<void> ArchivePlace::put(const schema::ArchiveName& name, std::string_view bytes, const Digest& digest) {
  TELEPOST_TRY(ready());
  TELEPOST_TRY(told("put", archive_->put(name, bytes)));
  const auto back = fetch(name, bytes.size(), digest);
  if (back.ok()) return {};
  if (back.error().kind == Errc::cancelled) return back.error();
  return {Errc::unavailable, why("the archive does not give back what was put there", back.error())};
}

Result<std::string> ArchivePlace::get(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest) {
  if (!archive_) return none();
  const Turn turn(*this);
  if (!turn.taken()) return {Errc::busy, "too many wait for the archive; try again"};
  const Result<void> there = ready();
  auto bytes = there.ok() ? fetch(name, size_bytes, digest) : Result<std::string>(there.error());
  if (bytes.ok()) return bytes;
  const Errc kind = bytes.error().kind;
  if (kind == Errc::corrupt || kind == Errc::timeout || kind == Errc::cancelled) return bytes;
  if (kind == Errc::not_found) return {Errc::corrupt, why("run telepost verify", bytes.error())};
  return {Errc::unavailable, why("the message lies in the archive, which does not give it", bytes.error())};
}

Result<void> ArchivePlace::remove(const schema::ArchiveName& name) {
  TELEPOST_TRY(ready());
  return told("remove", archive_->remove(name));
}

Result<void> ArchivePlace::list(std::optional<schema::AccountId> account, const Archive::Visitor& visit) {
  TELEPOST_TRY(ready());
  return told("list", archive_->list(account, visit));
}

Result<void> ArchivePlace::compact() {
  if (!archive_) return {};
  TELEPOST_TRY(ready());
  return told("compact", archive_->compact());
}

}  // namespace telepost::store
