// The classes of service in force, and what holds for one account of them. Any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "schema/effective_class.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;

// Replaced as a whole.
class Classes {
 public:
  explicit Classes(schema::ClassSet classes);
  std::shared_ptr<const schema::ClassSet> get() const;
  void set(schema::ClassSet classes);
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }  // raised by set()

 private:
  friend std::shared_ptr<const schema::EffectiveClass> effective_class(Rooms& rooms, const schema::AccountRecord& profile);
  // Accounts of one class and one range share what holds for them.
  struct InForce {
    explicit InForce(schema::ClassSet set) : classes(std::make_shared<const schema::ClassSet>(std::move(set))) {}
    const std::shared_ptr<const schema::ClassSet> classes;
    std::mutex mutex;
    std::map<std::pair<std::string, std::string>, std::shared_ptr<const schema::EffectiveClass>> effective;  // guarded by mutex
  };
  std::shared_ptr<InForce> in_force_;
  std::atomic<std::uint64_t> generation_{1};
};

// What holds for an account: its own settings, its class, the class of its primary address's range, the class standard. Settings
// that cannot be read any more count as none, and are logged.
std::shared_ptr<const schema::EffectiveClass> effective_class(Rooms& rooms, const schema::AccountRecord& profile);

}  // namespace telepost::store
