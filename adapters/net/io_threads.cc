#include "adapters/net/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <thread>

#include "adapters/net/deadline.h"
#include "base/assert.h"

namespace telepost::adapters::net {

namespace asio = boost::asio;

struct Loop::Parts {
  explicit Parts(const Clock& clock) : deadlines(clock) {}
  void tick() {
    timer.expires_after(kDeadlineTick);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      deadlines.tick();
      tick();
    });
  }
  asio::io_context context{1};  // the hint: one thread runs it
  Deadlines deadlines;
  asio::steady_timer timer{context};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::thread thread;
};

Loop::Loop(const Clock& clock) : parts_(std::make_unique<Parts>(clock)) {
  parts_->tick();
  parts_->thread = std::thread([this] { parts_->context.run(); });
}

Loop::~Loop() {
  parts_->context.stop();
  parts_->thread.join();
}

asio::io_context& Loop::context() { return parts_->context; }
Deadlines& Loop::deadlines() { return parts_->deadlines; }
void Loop::post(std::function<void()> work) { asio::post(parts_->context, std::move(work)); }

IoThreads::IoThreads(unsigned threads, const Clock& clock) {
  TELEPOST_ASSERT(threads > 0);
  for (unsigned i = 0; i < threads; ++i) loops_.push_back(std::make_unique<Loop>(clock));
}

IoThreads::~IoThreads() = default;

Loop& IoThreads::next() { return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()]; }

}  // namespace telepost::adapters::net
