// How the memory engine is read: the current records, laid over by what a view remembers of them.
#include "tests/support/memory_engine.h"

#include "base/bytes.h"

namespace telepost::test {
namespace {

using store::Space;

constexpr std::size_t kScanStep = 128;  // records that a scan copies before it lets go of the lock

std::size_t index_of(Space space) {
  return static_cast<std::size_t>(space);
}

}  // namespace

// Reads the partition as it stands, or as it stood when a snapshot was taken.
class MemoryEngine::Reader final : public store::PartitionReader {
 public:
  enum class Kind : std::uint8_t { current, snapshot };
  Reader(MemoryEngine& engine, const schema::Partition& partition, Kind kind)
      : engine_(engine), prefix_(partition.bytes()), taken_(engine.clock_.steady()) {
    const std::lock_guard lock(engine_.mutex_);
    restarts_ = engine_.restarts_;
    if (kind == Kind::current) return;
    ++engine_.operations_.snapshots;
    view_ = watch();
  }
  ~Reader() override {
    if (view_ == nullptr) return;
    const std::lock_guard lock(engine_.mutex_);
    engine_.views_.erase(view_.get());
  }

  Result<std::optional<std::string>> get(Space space, std::string_view key) const override {
    TELEPOST_ASSERT(key.size() <= store::kMaxKeyBytes);
    delay();
    const std::lock_guard lock(engine_.mutex_);
    TELEPOST_TRY(begin());
    ++engine_.operations_.gets;
    return engine_.value_at(view_.get(), space, full(key));
  }

  Result<std::vector<std::optional<std::string>>> get_many(
      Space space, const std::vector<std::string>& keys) const override {
    delay();
    const std::lock_guard lock(engine_.mutex_);
    TELEPOST_TRY(begin());
    ++engine_.operations_.get_manys;
    engine_.operations_.keys += keys.size();
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string& key : keys) {
      TELEPOST_ASSERT(key.size() <= store::kMaxKeyBytes);
      values.push_back(engine_.value_at(view_.get(), space, full(key)));
    }
    return values;
  }

  // The visitor runs outside the lock: it may read and commit; the scan still shows what was there when it
  // began.
  Result<void> scan(Space space, std::string_view begin_key, std::string_view end_key,
                    const Visitor& visit) const override {
    TELEPOST_ASSERT(begin_key.size() <= store::kMaxKeyBytes && end_key.size() <= store::kMaxKeyBytes);
    delay();
    std::unique_lock lock(engine_.mutex_);
    TELEPOST_TRY(begin());
    ++engine_.operations_.scans;
    const std::uint64_t restarts = engine_.restarts_;
    const std::string end = end_key.empty() ? end_of_prefix(prefix_) : full(end_key);
    std::string next = full(begin_key);
    std::unique_ptr<View> own;
    bool alive = true;
    for (std::size_t step = 8; alive && next < end; step = kScanStep) {
      const auto records = engine_.records_at(own     ? *own
                                              : view_ ? *view_
                                                      : kNothingOld,
                                              space, next, end, step);
      next = records.size() < step ? end : records.back().first + '\0';
      if (next < end && own == nullptr && view_ == nullptr) own = watch();
      lock.unlock();
      bool stopped = false;
      const std::size_t visited = show(records, visit, stopped);
      if (stopped) next = end;
      lock.lock();
      engine_.operations_.records += visited;
      alive = !engine_.crashed_ && engine_.restarts_ == restarts;
    }
    if (own != nullptr) engine_.views_.erase(own.get());
    return alive ? Result<void>() : Result<void>(Errc::io, "the engine crashed");
  }

 private:
  static inline const View kNothingOld{};

  std::string full(std::string_view key) const { return std::string(prefix_).append(key); }
  void delay() const {
    std::function<void()> hook;
    {
      const std::lock_guard lock(engine_.mutex_);
      hook = engine_.before_read_;
    }
    if (hook) hook();
  }
  std::size_t show(const std::vector<std::pair<std::string, std::string>>& records, const Visitor& visit,
                   bool& stopped) const {
    std::size_t visited = 0;
    for (const auto& [key, value] : records) {
      ++visited;
      stopped = !visit(std::string_view(key).substr(prefix_.size()), value);
      if (stopped) break;
    }
    return visited;
  }
  Result<void> begin() const {
    if (view_ != nullptr) {
      if (restarts_ != engine_.restarts_)
        return {Errc::io, "the engine crashed after this snapshot was taken"};
      if (engine_.clock_.steady() - taken_ > kSnapshotLife)
        return {Errc::timeout, "a snapshot older than 30 s"};
    }
    return engine_.begin_operation();
  }
  // The engine's mutex is held.
  std::unique_ptr<View> watch() const {
    auto view = std::make_unique<View>();
    view->prefix = prefix_;
    engine_.views_.insert(view.get());
    return view;
  }

  MemoryEngine& engine_;
  const std::string prefix_;
  const SteadyTime taken_;
  std::uint64_t restarts_ = 0;
  std::unique_ptr<View> view_;
};

std::optional<std::string> MemoryEngine::value_at(const View* view, Space space,
                                                  const std::string& key) const {
  if (view != nullptr) {
    const auto old = view->old[index_of(space)].find(key);
    if (old != view->old[index_of(space)].end()) return old->second;
  }
  const auto it = records_[index_of(space)].find(key);
  return it == records_[index_of(space)].end() ? std::nullopt : std::optional<std::string>(it->second);
}

std::vector<std::pair<std::string, std::string>> MemoryEngine::records_at(const View& view, Space space,
                                                                          const std::string& begin,
                                                                          const std::string& end,
                                                                          std::size_t limit) const {
  const Records& now = records_[index_of(space)];
  const OldRecords& before = view.old[index_of(space)];
  auto a = now.lower_bound(begin);
  auto b = before.lower_bound(begin);
  std::vector<std::pair<std::string, std::string>> records;
  while (records.size() < limit) {
    const bool has_a = a != now.end() && a->first < end;
    const bool has_b = b != before.end() && b->first < end;
    if (!has_a && !has_b) break;
    if (has_b && (!has_a || b->first <= a->first)) {
      if (has_a && a->first == b->first) ++a;
      if (b->second) records.emplace_back(b->first, *b->second);
      ++b;
    } else {
      records.emplace_back(*a++);
    }
  }
  return records;
}

std::unique_ptr<store::PartitionReader> MemoryEngine::reader(const schema::Partition& partition) {
  return std::make_unique<Reader>(*this, partition, Reader::Kind::current);
}

std::unique_ptr<store::PartitionReader> MemoryEngine::snapshot(const schema::Partition& partition) {
  return std::make_unique<Reader>(*this, partition, Reader::Kind::snapshot);
}

}  // namespace telepost::test
