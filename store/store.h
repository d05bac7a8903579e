// The store: the only owner of state. This is its door for adapters and commands; each room behind it has its own header.
//
// Threads: every verb may be called from any thread. A verb with a Completion never blocks its caller; every other verb may block
// on the disk and is called from the pool (run) or from a command.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "schema/class_of_service.h"
#include "schema/configuration.h"
#include "store/accounts.h"
#include "store/archive/archive.h"
#include "store/change_feed.h"
#include "store/completion.h"
#include "store/deliver.h"
#include "store/engine/engine.h"
#include "store/mail_view.h"
#include "store/mailboxes.h"
#include "store/message_changer.h"
#include "store/message_reader.h"
#include "store/store_record.h"
#include "store/sweep.h"

namespace telepost::store {

class AppPasswords;
class Audit;
class Outbox;
class Quota;
class SecondFactor;
class SignIn;
class Submission;
class Tokens;
class Undelete;
class Uploads;
class VisitLog;
class CdrExport;
class Holds;
class Schedule;
struct Rooms;

class Store {
 public:
  struct Options {
    schema::Configuration configuration;
    schema::ClassSet classes;
    // The server sweeps by itself; a command and most tests call sweep().
    enum class Sweeping { by_itself, when_asked } sweeping = Sweeping::when_asked;
    std::unique_ptr<Archive> archive = {};  // where sources go that nobody reads; null: everything stays
  };

  // Opens what the engine keeps, or makes a new store in an empty engine. Clock and random must outlive the store.
  // Errors: io, corrupt, unsupported (written by a newer version; says which).
  static Result<std::unique_ptr<Store>> open(Options options, std::unique_ptr<Engine> engine, const Clock& clock,
                                             Random& random);
  // Waits for what was begun; nothing new may be called.
  ~Store();

  Deliver& deliver();
  Accounts& accounts();
  AppPasswords& app_passwords();
  SecondFactor& second_factor();
  SignIn& sign_in();
  Tokens& tokens();
  Mailboxes& mailboxes();
  MessageReader& reader();
  MessageChanger& changer();
  ChangeFeed& changes();
  Sweep& sweep();
  Quota& quota();
  Outbox& outbox();
  Submission& submission();
  CdrExport& cdrs();
  Holds& holds();
  Audit& audit();
  Undelete& undelete();
  Uploads& uploads();
  VisitLog& visits();
  Engine& engine();
  const schema::Configuration& configuration() const;

  // What mail clients list of the account, as it is now.
  Result<MailView> view(schema::AccountId account);

  // Puts a new set of classes of service in force; decisions already made stay.
  void set_classes(schema::ClassSet classes);

  // The clock rule of store/store_clock.h: how the clocks stand, and that a leap of the wall clock is believed. Durable at return.
  Time now() const;  // the store's
  Result<ClockState> clock() const;
  Result<ClockState> accept_clock();

  // Runs a blocking piece of work on the bounded pool. busy if its queue is full: the work was not taken.
  Result<void> run(std::function<void()> work);
  // The same for work that hashes a password (sign_in(), Accounts::set_password): on threads of its own, few and with a short queue, so
  // that sign-ins, however many, slow nothing else down.
  Result<void> run_hashing(std::function<void()> work);

  // Whether deliveries are accepted now: ok, disk_full (the reserve is reached) or io (the health latch is set).
  Result<void> health() const;

 private:
  friend Rooms& rooms_of(Store& store);  // store/rooms.h
  explicit Store(std::unique_ptr<Rooms> rooms);
  struct Facade;
  std::unique_ptr<Rooms> rooms_;
  std::unique_ptr<Facade> facade_;
  std::unique_ptr<Schedule> schedule_;
};

}  // namespace telepost::store
