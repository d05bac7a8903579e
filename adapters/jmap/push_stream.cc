#include "adapters/jmap/push_stream.h"

#include <utility>

#include "adapters/net/on_worker.h"

namespace telepost::adapters::jmap {

PushStream::PushStream(Service& service, const Login& login, const PushTypes& types)
    : service_(service), login_(login), states_(service.context, service.methods, login, types) {}

std::unique_ptr<PushStream> PushStream::open(Service& service, const Login& login, const PushTypes& types, std::string_view token,
                                             std::function<void()> wake) {
  std::unique_ptr<PushStream> stream(new PushStream(service, login, types));
  if (!token.empty()) stream->states_.begin_after(token);
  stream->subscription_ = service.push.subscribe(login.account, std::move(wake));
  return stream->subscription_ ? std::move(stream) : nullptr;
}

net::Awaitable<Result<std::optional<StateChange>>> PushStream::take() {
  auto looks = [this]() -> Result<PushStates::Now> {
    subscription_->take();  // on the worker: where the queue is full, the news stay
    TELEPOST_TRY(still_allowed(service_.context.store, login_));
    return states_.look();
  };
  net::Awaitable<Result<PushStates::Now>> looking = net::on_worker<PushStates::Now>(service_.context.store, std::move(looks));
  Result<PushStates::Now> now = co_await std::move(looking);
  if (!now.ok()) co_return now.error();
  co_return states_.tell(*std::move(now));
}

}  // namespace telepost::adapters::jmap
