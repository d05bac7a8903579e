#include "adapters/admin/socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "adapters/admin/commands.h"
#include "adapters/net/visit.h"
#include "base/log.h"

namespace telepost::adapters::admin {
namespace {

constexpr Duration kRequestTimeout = std::chrono::seconds(10);
constexpr int kAcceptPause_ms = 100;
constexpr std::string_view kListener = "admin-socket";  // in the log of visits
constexpr Duration kIdleTimeout = std::chrono::hours(1);  // a person before a pager

// The other side of the socket as a verb sees it.
class RemoteExchange final : public Exchange {
 public:
  explicit RemoteExchange(Channel& channel) : channel_(channel) {}
  Result<void> object(const Json& object) override {
    return send(FrameKind::object, to_line(object));
  }
  Result<void> notice(std::string_view text) override { return send(FrameKind::notice, text); }
  Result<void> bytes(std::string_view bytes) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kContentBytes))) {
      TELEPOST_TRY(send(FrameKind::bytes, bytes.substr(0, kContentBytes)));
    }
    return {};
  }
  Result<std::string> content() override {
    TELEPOST_TRY(send(FrameKind::want, {}));
    TELEPOST_ASSIGN(Frame frame, channel_.receive(kContentBytes));
    if (frame.kind != FrameKind::content)
      return {Errc::invalid, "content was asked for, something else came"};
    bytes_in_ += frame.payload.size();
    return std::move(frame.payload);
  }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  Result<void> send(FrameKind kind, std::string_view payload) {
    bytes_out_ += payload.size();
    return channel_.send(kind, payload);
  }
  Channel& channel_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

// A command is a visit, too: its verb stands where a log-in has its method.
schema::VisitRecord visit_of(int fd) {
  const std::optional<net::Peer> peer = net::peer_of(fd);
  return {.event = schema::VisitRecord::Event::connection, .listener = std::string(kListener), .peer = peer ? net::visitor_of(*peer) : ""};
}

bool is_ours(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

Result<Request> request_from(const Frame& frame) {
  if (frame.kind != FrameKind::request) return {Errc::invalid, "a request was expected"};
  const Json json = Json::parse(frame.payload, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("verb") || !json["verb"].is_string()) {
    return {Errc::invalid, "a request is {\"verb\":\"…\",\"args\":{…}}"};
  }
  Request request{json["verb"].get<std::string>()};
  if (json.contains("args")) request.args = json["args"];
  if (!request.args.is_object()) return {Errc::invalid, "args is an object"};
  return request;
}

Json status_of(const Result<void>& outcome) {
  if (outcome.ok()) return {{"status", "ok"}};
  return {{"status", "error"},
          {"kind", name_of(outcome.error().kind)},
          {"detail", outcome.error().detail},
          {"exit", exit_code_of(outcome.error().kind)}};
}

Result<void> greet(Channel& channel) {
  channel.set_timeouts(kRequestTimeout, kRequestTimeout);
  return channel.send(FrameKind::greeting, to_line({{"telepost", 1}, {"pid", ::getpid()}}));
}

Error failed(const std::string& path) {
  return {errno == EACCES || errno == EPERM ? Errc::denied : Errc::io, path + ": " + std::strerror(errno)};
}

// Bound under another name and renamed when it is ready: it replaces a stale one, and nobody ever meets it with another mode.
Result<Descriptor> listen_at(const std::string& path) {
  const std::string fresh = path + "." + std::to_string(::getpid());
  ::unlink(fresh.c_str());
  TELEPOST_ASSIGN(const SocketPath address, SocketPath::of(fresh));
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid() || ::bind(listener.get(), address.address(), address.size()) != 0)
    return failed(fresh);
  if (::chmod(fresh.c_str(), 0600) != 0 || ::listen(listener.get(), kMaxExchanges) != 0 ||
      ::rename(fresh.c_str(), path.c_str()) != 0) {
    const Error error = failed(path);
    ::unlink(fresh.c_str());
    return error;
  }
  return listener;
}

}  // namespace

Result<std::unique_ptr<AdminSocket>> AdminSocket::start(store::Store& store, std::string path) {
  TELEPOST_ASSIGN(Descriptor listener, listen_at(path));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return failed("eventfd");
  return std::unique_ptr<AdminSocket>(
      new AdminSocket(store, std::move(path), std::move(listener), std::move(wake)));
}

AdminSocket::AdminSocket(store::Store& store, std::string path, Descriptor listener, Descriptor wake)
    : store_(store), path_(std::move(path)), listener_(std::move(listener)), wake_(std::move(wake)) {
  acceptor_ = std::thread([this] { accept_all(); });
}

AdminSocket::~AdminSocket() {
  stop();
  acceptor_.join();
  for (Conversation& conversation : conversations_) conversation.thread.join();
}

void AdminSocket::stop() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  stopping_ = true;
  ::unlink(path_.c_str());
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  for (Conversation& conversation : conversations_) ::shutdown(conversation.channel.fd(), SHUT_RDWR);
}

void AdminSocket::accept_all() {
  for (;;) {
    pollfd waiting[] = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0 && errno != EINTR) {
      log::error("admin_socket_failed", {{"reason", std::strerror(errno)}});
      return;
    }
    if (waiting[0].revents != 0) return;
    if (waiting[1].revents == 0) continue;
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.valid()) {
      admit(std::move(socket));
    } else if (::poll(waiting, 1, kAcceptPause_ms) > 0) {
      return;  // no descriptor was free: the connection still waits, and asking at once would spin
    }
  }
}

void AdminSocket::admit(Descriptor socket) {
  if (!is_ours(socket.get())) {
    log::warning("admin_socket_denied");
    note_refused(socket.get(), "another user");
    return;
  }
  reap();
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (conversations_.size() >= kMaxExchanges) {
    Channel channel(std::move(socket));
    note_refused(channel.fd(), "too many commands");
    if (greet(channel).ok()) {
      const Result<void> refused =
          Error{Errc::busy, "the server runs as many commands as it may; try again later"};
      if (!channel.send(FrameKind::status, to_line(status_of(refused))).ok()) log::debug("admin_client_left");
    }
    return;
  }
  Conversation& conversation = conversations_.emplace_back(std::move(socket));
  conversation.thread = std::thread([this, &conversation] { converse(conversation); });
}

void AdminSocket::note_refused(int fd, std::string_view reason) {
  if (const std::optional<net::Peer> peer = net::peer_of(fd)) net::note_refused(store_.visits(), kListener, *peer, reason);
}

void AdminSocket::converse(Conversation& conversation) {
  Channel& channel = conversation.channel;
  schema::VisitRecord visit = visit_of(channel.fd());
  visit.begun = store_.now();
  auto frame = greet(channel).ok() ? channel.receive(kMaxRequestBytes) : Result<Frame>(Errc::cancelled, "");
  if (frame.ok()) {
    channel.set_timeouts(kIdleTimeout, kIdleTimeout);
    auto request = request_from(*frame);
    RemoteExchange exchange(channel);
    const Result<void> outcome =
        request.ok() ? run_verb(store_, *request, exchange) : std::move(request).error();
    log::info("admin", {{"verb", request.ok() ? request->verb : "?"},
                        {"result", outcome.ok() ? "ok" : name_of(outcome.error().kind)}});
    visit.method = request.ok() ? request->verb : "";
    visit.bytes_in = frame->payload.size() + exchange.bytes_in();
    visit.bytes_out = exchange.bytes_out();
    if (!channel.send(FrameKind::status, to_line(status_of(outcome))).ok()) log::debug("admin_client_left");
  }
  store_.visits().note(std::move(visit));
  ::shutdown(channel.fd(), SHUT_RDWR);  // at once: reaped, and with that closed, when the next one comes
  const std::lock_guard lock(mutex_);
  conversation.done = true;
}

void AdminSocket::reap() {
  std::list<Conversation> done;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = conversations_.begin(); it != conversations_.end();) {
      const auto next = std::next(it);
      if (it->done) done.splice(done.end(), conversations_, it);
      it = next;
    }
  }
  for (Conversation& conversation : done) conversation.thread.join();
}

}  // namespace telepost::adapters::admin
