// Files on a disk that loses its power, fills up or fails. Bytes that no sync followed, and folder entries
// that no sync of their folder followed, are there for every reader until restore_power() takes away what a
// real disk might have lost.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace telepost::test {

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Repeat : std::uint8_t { once, every };
  // The graveyard is an existing folder on the same disk, for what deletions and renames may have to bring
  // back.
  FaultFileSystem(std::uint64_t seed, std::string graveyard);

  // Operations are: create, append, truncate, sync, sync of a folder, rename, delete.
  std::uint64_t operations() const;
  // The nth operation from now, and every one after it, fails: the power is gone.
  void cut_power_at(std::uint64_t nth);
  bool power_is_cut() const;
  // Loses, by the seed: of each file's unsynced bytes a tail, and sectors before it (zeros or noise); of each
  // folder's unsynced entries a tail, so that new files vanish, deleted files return and renames are undone.
  // Precondition: no file is open.
  void restore_power();
  // The nth operation from now fails with the status (an append after half of its bytes).
  void fail_operation(std::uint64_t nth, rocksdb::IOStatus status, Repeat repeat = Repeat::once);
  // Creates and appends fail with NoSpace.
  void set_full(bool full);

  const char* Name() const override { return "FaultFileSystem"; }
  using IO = rocksdb::IOStatus;
  IO NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                     std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override;
  IO ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                        std::unique_ptr<rocksdb::FSWritableFile>* file,
                        rocksdb::IODebugContext* debug) override;
  IO ReuseWritableFile(const std::string& name, const std::string& old_name,
                       const rocksdb::FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* file,
                       rocksdb::IODebugContext* debug) override;
  IO NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                  std::unique_ptr<rocksdb::FSDirectory>* folder, rocksdb::IODebugContext* debug) override;
  IO DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                rocksdb::IODebugContext* debug) override;
  IO RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                rocksdb::IODebugContext* debug) override;
  IO Truncate(const std::string& name, size_t size, const rocksdb::IOOptions& options,
              rocksdb::IODebugContext* debug) override;
  IO LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
              rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Folder;
  struct Bytes {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
  };
  struct Entry {  // one change of a folder; undone by moving `now` to `before` (or away) and `saved` back to
                  // `now`
    std::string now;
    std::string before;
    std::string saved;
  };
  enum class Operation : std::uint8_t { grow, other };

  // All below: mutex_ held.
  IO begin(Operation operation);
  IO create(const std::string& name);
  std::string bury(const std::string& name);
  void note(Entry entry);
  void undo(const Entry& entry);
  void tear(const std::string& name, Bytes& bytes);
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

  const std::string graveyard_;
  mutable std::mutex mutex_;  // guards all below
  std::mt19937_64 random_;
  std::map<std::string, std::shared_ptr<Bytes>> files_;  // that were written since the power came
  std::map<std::string, std::vector<Entry>> unsynced_;   // by folder
  std::uint64_t operations_ = 0;
  std::uint64_t cut_at_ = 0;  // 0: never
  bool cut_ = false;
  std::uint64_t fail_at_ = 0;  // 0: never
  IO failure_;
  Repeat repeat_ = Repeat::once;
  bool full_ = false;
  std::uint64_t buried_ = 0;
};

// For RocksdbOptions::env. RocksDB's pauses after a failed write (a second) are cut to a millisecond.
std::unique_ptr<rocksdb::Env> env_of(const std::shared_ptr<FaultFileSystem>& files);

}  // namespace telepost::test
