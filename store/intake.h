// One message on its way in: takes the bytes, has them cut and described, and hands the result to store/recipients.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/deliver.h"
#include "store/recipients.h"
#include "store/rooms.h"
#include "store/source_cutter.h"

namespace telepost::store {

// What becomes of a message whose last byte is there; outlives the session.
class Keeping {
 public:
  virtual ~Keeping() = default;
  // On a session's thread. False: it would have to wait for a lock or the disk, and nothing was done; keep() follows on a worker.
  virtual bool try_keep(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll>& done) = 0;
  virtual void keep(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) = 0;  // may block
};

class IntakeSession final : public Intake {
 public:
  IntakeSession(Rooms& rooms, Incoming incoming);  // delivers to Incoming::to
  IntakeSession(Rooms& rooms, Incoming incoming, std::shared_ptr<Keeping> keeping);
  // A message of ours for one recipient, from the thread of a worker. May block.
  static Result<Delivered> deliver_here(Rooms& rooms, Incoming incoming, std::string_view message);
  // flush() and finish() of one recipient from a thread that may block, a worker's too: they wait for no worker.
  Result<void> flush_here() { return begin_flush()(); }
  Result<Delivered> finish_here();
  ~IntakeSession() override;
  void write(std::string_view bytes) override;
  bool must_flush() const override;
  void flush(Completion<void> done) override;
  void set_trace_block(std::string trace_block) override { arrived_->incoming.trace_block = std::move(trace_block); }
  void set_request(schema::MessageRequest request) override { arrived_->incoming.request = std::move(request); }
  void set_judgement(Judgement judgement) override { arrived_->incoming.judgement = std::move(judgement); }
  void finish(Completion<std::vector<Result<Delivered>>> done) override;
  std::size_t bytes_held() const { return cutter_.bytes_held(); }

 private:
  std::function<Result<void>()> begin_flush();
  void describe();
  bool take_refusal(Completion<std::vector<Result<Delivered>>>& done);
  std::function<void()> keep_later(Completion<DeliveredToAll> done);

  Rooms& rooms_;
  SourceCutter cutter_;
  const Time begun_;
  const std::shared_ptr<Keeping> keeping_;
  std::shared_ptr<Arrived> arrived_;
  bool flushed_ = false;    // pieces may be in the store
  bool delivered_ = false;  // and belong to a message that is being committed
  // Set by flush() on a worker, read by the session after its completion.
  std::shared_ptr<std::optional<Error>> failed_ = std::make_shared<std::optional<Error>>();
};

}  // namespace telepost::store
