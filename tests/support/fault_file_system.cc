#include "tests/support/fault_file_system.h"

#include <fcntl.h>
#include <rocksdb/system_clock.h>
#include <unistd.h>

#include <filesystem>

#include "base/assert.h"

namespace telepost::test {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::uint64_t kSectorBytes = 512;

std::string normal(const std::string& name) {
  std::string path = fs::path(name).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}
std::string folder_of(const std::string& name) {
  return fs::path(name).parent_path().string();
}

class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  ImpatientClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "ImpatientClock"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(micros, 1000));
  }
};

class FaultEnv final : public rocksdb::EnvWrapper {
 public:
  explicit FaultEnv(const std::shared_ptr<FaultFileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<ImpatientClock>();
  }
  const char* Name() const override { return "FaultEnv"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> env_of(const std::shared_ptr<FaultFileSystem>& files) {
  return std::make_unique<FaultEnv>(files);
}

// Writes through and remembers how much a sync made safe. Nothing is really synced: the power that fails is
// ours.
class FaultFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultFileSystem& disk, std::shared_ptr<Bytes> bytes, std::unique_ptr<FSWritableFile> target)
      : FSWritableFileOwnerWrapper(std::move(target)), disk_(disk), bytes_(std::move(bytes)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(disk_.mutex_);
    const IOStatus begun = disk_.begin(Operation::grow);
    const Slice written(data.data(), begun.ok() ? data.size() : data.size() / 2);
    if (!begun.ok() && disk_.cut_) return begun;
    const IOStatus status = FSWritableFileOwnerWrapper::Append(written, options, debug);
    if (status.ok()) bytes_->size += written.size();
    return begun.ok() ? status : begun;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("direct I/O");
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(disk_.mutex_);
    if (IOStatus begun = disk_.begin(Operation::other); !begun.ok()) return begun;
    bytes_->size = size;
    bytes_->synced = std::min(bytes_->synced, size);
    return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex_);
    IOStatus begun = disk_.begin(Operation::other);
    // A sync that the power cut short may have done its work.
    if (begun.ok() || (disk_.cut_at_ == disk_.operations_ && disk_.below(2) == 0))
      bytes_->synced = bytes_->size;
    return begun;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  FaultFileSystem& disk_;
  const std::shared_ptr<Bytes> bytes_;
};

class FaultFileSystem::Folder final : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(FaultFileSystem& disk, std::string name, std::unique_ptr<FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), disk_(disk), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex_);
    if (IOStatus begun = disk_.begin(Operation::other); !begun.ok()) return begun;
    for (const Entry& entry : disk_.unsynced_[name_]) {
      if (!entry.saved.empty()) fs::remove(entry.saved);
    }
    disk_.unsynced_.erase(name_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  FaultFileSystem& disk_;
  const std::string name_;
};

FaultFileSystem::FaultFileSystem(std::uint64_t seed, std::string graveyard)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), graveyard_(std::move(graveyard)), random_(seed) {}

std::uint64_t FaultFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultFileSystem::cut_power_at(std::uint64_t nth) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operations_ + nth;
}

bool FaultFileSystem::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

void FaultFileSystem::fail_operation(std::uint64_t nth, IOStatus status, Repeat repeat) {
  const std::lock_guard lock(mutex_);
  fail_at_ = nth == 0 ? 0 : operations_ + nth;
  failure_ = std::move(status);
  repeat_ = repeat;
}

void FaultFileSystem::set_full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void FaultFileSystem::restore_power() {
  const std::lock_guard lock(mutex_);
  for (auto& [folder, entries] : unsynced_) {
    // A journal keeps the order of a folder's changes: what is lost is a tail of them.
    const std::size_t kept = below(entries.size() + 1);
    while (entries.size() > kept) {
      undo(entries.back());
      entries.pop_back();
    }
    for (const Entry& entry : entries) {
      if (!entry.saved.empty()) fs::remove(entry.saved);
    }
  }
  unsynced_.clear();
  for (auto& [name, bytes] : files_) tear(name, *bytes);
  files_.clear();
  cut_ = false;
  cut_at_ = fail_at_ = 0;
}

void FaultFileSystem::undo(const Entry& entry) {
  std::error_code error;
  const auto file = files_.extract(entry.now);
  if (entry.before.empty()) {
    fs::remove(entry.now, error);
  } else {
    fs::rename(entry.now, entry.before, error);
    if (!file.empty()) files_[entry.before] = file.mapped();
  }
  if (!entry.saved.empty()) {
    fs::rename(entry.saved, entry.now, error);
    if (const auto saved = files_.extract(entry.saved)) files_[entry.now] = saved.mapped();
  }
}

void FaultFileSystem::tear(const std::string& name, Bytes& bytes) {
  const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  const std::uint64_t unsynced = bytes.size - bytes.synced;
  // All is lost; a tail is lost; a tail is lost and what is before it is torn. Not a MANIFEST: RocksDB does not open on
  // noise behind its synced end, which file systems that order a file's size after its data never show.
  const std::uint64_t way = below(name.find("MANIFEST") == std::string::npos ? 3 : 2);
  const std::uint64_t size = bytes.synced + (way == 0 ? 0 : below(unsynced + 1));
  TELEPOST_ASSERT(::ftruncate(fd, static_cast<off_t>(size)) == 0);
  for (std::uint64_t begin = bytes.synced; way == 2 && begin < size;) {
    const std::uint64_t end = std::min(size, (begin / kSectorBytes + 1) * kSectorBytes);
    if (const std::uint64_t fate = below(8); fate < 2) {
      std::string sector(end - begin, '\0');
      for (char& byte : sector) byte = fate == 0 ? '\0' : static_cast<char>(random_());
      TELEPOST_ASSERT(::pwrite(fd, sector.data(), sector.size(), static_cast<off_t>(begin)) ==
                      static_cast<ssize_t>(sector.size()));
    }
    begin = end;
  }
  ::close(fd);
}

IOStatus FaultFileSystem::begin(Operation operation) {
  ++operations_;
  if (cut_at_ != 0 && operations_ >= cut_at_) cut_ = true;
  if (cut_) return IOStatus::IOError("the power is gone");
  if (fail_at_ != 0 && (operations_ == fail_at_ || (operations_ > fail_at_ && repeat_ == Repeat::every)))
    return failure_;
  if (full_ && operation == Operation::grow) return IOStatus::NoSpace("the disk of the test is full");
  return IOStatus::OK();
}

void FaultFileSystem::note(Entry entry) {
  unsynced_[folder_of(entry.now)].push_back(std::move(entry));
}

// Moves a file away so that it can come back; empty if there is none.
std::string FaultFileSystem::bury(const std::string& name) {
  if (!fs::exists(name)) return {};
  std::string grave = graveyard_ + "/" + std::to_string(++buried_);
  fs::rename(name, grave);
  if (auto file = files_.extract(name)) files_[grave] = file.mapped();
  return grave;
}

IOStatus FaultFileSystem::create(const std::string& name) {
  if (IOStatus begun = begin(Operation::grow); !begun.ok()) return begun;
  note({name, {}, bury(name)});
  files_[name] = std::make_shared<Bytes>();
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const std::string path = normal(name);
  if (IOStatus created = create(path); !created.ok()) return created;
  std::unique_ptr<rocksdb::FSWritableFile> target;
  IOStatus status = target_->NewWritableFile(path, options, &target, debug);
  if (status.ok()) *file = std::make_unique<File>(*this, files_[path], std::move(target));
  return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const std::string path = normal(name);
  if (!fs::exists(path)) {
    if (IOStatus created = create(path); !created.ok()) return created;
  } else if (IOStatus begun = begin(Operation::other); !begun.ok()) {
    return begun;
  }
  if (!files_.contains(path))
    files_[path] = std::make_shared<Bytes>(Bytes{fs::file_size(path), fs::file_size(path)});
  std::unique_ptr<rocksdb::FSWritableFile> target;
  IOStatus status = target_->ReopenWritableFile(path, options, &target, debug);
  if (status.ok()) *file = std::make_unique<File>(*this, files_[path], std::move(target));
  return status;
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                            const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("logs are not recycled");
}

IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> target;
  IOStatus status = target_->NewDirectory(name, options, &target, debug);
  if (status.ok()) *folder = std::make_unique<Folder>(*this, normal(name), std::move(target));
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  const std::string path = normal(name);
  if (!fs::exists(path)) return IOStatus::PathNotFound(path);
  if (IOStatus begun = begin(Operation::other); !begun.ok()) return begun;
  note({path, {}, bury(path)});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                                     IODebugContext*) {
  const std::lock_guard lock(mutex_);
  const std::string source = normal(from), target = normal(to);
  if (!fs::exists(source)) return IOStatus::PathNotFound(source);
  if (IOStatus begun = begin(Operation::other); !begun.ok()) return begun;
  TELEPOST_ASSERT(folder_of(source) == folder_of(target));
  note({target, source, bury(target)});
  fs::rename(source, target);
  if (auto file = files_.extract(source)) files_[target] = file.mapped();
  return IOStatus::OK();
}

IOStatus FaultFileSystem::Truncate(const std::string& name, size_t size, const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  if (IOStatus begun = begin(Operation::other); !begun.ok()) return begun;
  std::error_code error;
  fs::resize_file(name, size, error);
  if (const auto file = files_.find(normal(name)); file != files_.end()) {
    file->second->size = size;
    file->second->synced = std::min<std::uint64_t>(file->second->synced, size);
  }
  return error ? IOStatus::IOError(error.message()) : IOStatus::OK();
}

IOStatus FaultFileSystem::LinkFile(const std::string&, const std::string&, const IOOptions&,
                                   IODebugContext*) {
  return IOStatus::NotSupported("RocksDB links only what it ingests");
}

}  // namespace telepost::test
