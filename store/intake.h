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

class IntakeSession final : public Intake {
 public:
  IntakeSession(Rooms& rooms, Incoming incoming);
  ~IntakeSession() override;
  void write(std::string_view bytes) override;
  bool must_flush() const override;
  void flush(Completion<void> done) override;
  void finish(Completion<std::vector<Result<Delivered>>> done) override;
  std::size_t bytes_held() const { return cutter_.bytes_held(); }

 private:
  void describe();

  Rooms& rooms_;
  SourceCutter cutter_;
  const Time begun_;
  std::shared_ptr<Arrived> arrived_;
  bool flushed_ = false;    // pieces may be in the store
  bool delivered_ = false;  // and belong to a message that is being committed
  // Set by flush() on a worker, read by the session after its completion.
  std::shared_ptr<std::optional<Error>> failed_ = std::make_shared<std::optional<Error>>();
};

}  // namespace telepost::store
