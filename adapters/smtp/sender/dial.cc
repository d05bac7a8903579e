#include "adapters/smtp/sender/dial.h"

#include <algorithm>

#include "adapters/net/connect.h"
#include "adapters/net/io_threads.h"
#include "base/log.h"

namespace telepost::adapters::smtp::sender {
namespace {

using Kind = net::SmtpVerdict::Kind;
using net::Awaitable;

Dialled gives_up(Kind kind, std::string_view status, std::string why, policies::Failure failure) {
  Dialled out;
  out.verdict = {kind, std::string(status), std::move(why), false, false};
  out.failure = failure;
  return out;
}

bool is_local(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

// One call: the servers of a route, one after the other, until one takes us.
class Call {
 public:
  Call(net::Loop& loop, const Dialling& shared, const Errand& errand, CallInProgress& progress)
      : loop_(loop), shared_(shared), errand_(errand), progress_(progress),
        end_(loop.deadlines().clock().steady() + kDialTotal) {}

  Awaitable<Dialled> run() {
    const Result<Route> route = route_of(shared_.settings, errand_.domain);
    if (!route.ok()) co_return gives_up(Kind::failed, "5.1.2", route.error().detail, policies::Failure::dns);
    std::vector<Host> hosts;
    if (const auto* direct = std::get_if<Direct>(&*route)) {
      relay_ = direct->relay;
      hosts.push_back(direct->host);
    } else {
      domain_ = std::get<ByMx>(*route).domain;
      const bool found = co_await find_servers(hosts);
      if (!found) co_return std::move(last_);
    }
    std::size_t tried = 0;
    for (const Host& host : hosts) {
      if (is_over()) break;
      const TlsPlan plan = plan_for(host);
      if (!plan.refusal.empty()) {
        last_ = gives_up(Kind::deferred, "4.7.5", plan.refusal, policies::Failure::tls);
        continue;
      }
      std::vector<std::string> addresses;
      co_await find_addresses(host, addresses);
      // What anybody may write into the DNS or an address is no way to who listens on this machine and trusts it.
      if (relay_ == nullptr && std::erase_if(addresses, [&host](const std::string& at) { return is_own_server(at, host.port); }) > 0) {
        last_ = gives_up(Kind::failed, "5.4.6", "mail for " + errand_.domain + " comes back to this machine", policies::Failure::dns);
      }
      const schema::Networks& refused = shared_.settings.refuse_networks;
      if (relay_ == nullptr && std::erase_if(addresses, [&refused](const std::string& at) { return leads_into(refused, at); }) > 0) {
        last_ = gives_up(Kind::failed, "5.4.4", to_string(host) + " lies where no mail is sent to (relay.refuse_networks)", policies::Failure::dns);
      }
      for (const std::string& address : addresses) {
        if (++tried > kMaxAddresses || is_over()) break;
        std::unique_ptr<Line> line = co_await reach(host, address, plan);
        if (line == nullptr) continue;
        last_.line = std::move(line);
        co_return std::move(last_);
      }
    }
    if (tried == 0 && !last_set()) last_ = gives_up(Kind::failed, "5.4.4", "no server of " + errand_.domain + " has an address", policies::Failure::dns);
    co_return std::move(last_);
  }

 private:
  bool is_ended() const { return progress_.connecting.is_broken(); }
  bool is_over() const { return is_ended() || loop_.deadlines().clock().steady() >= end_; }
  bool last_set() const { return !last_.verdict.status.empty(); }

  // A question; the outcome of one that failed stands in last_.
  Awaitable<net::SharedDnsAnswer> ask(std::string name, net::DnsType type) {
    if (shared_.resolver == nullptr) {
      last_ = gives_up(Kind::deferred, "4.4.3", "this system names no name server", policies::Failure::dns);
      co_return nullptr;
    }
    Awaitable<Result<net::SharedDnsAnswer>> asked = shared_.resolver->look_up(name, type);
    const Result<net::SharedDnsAnswer> answer = co_await std::move(asked);
    if (answer.ok()) co_return *answer;
    const bool no_name = answer.error().kind == Errc::invalid;
    last_ = no_name ? gives_up(Kind::failed, "5.1.2", name + " is no domain name", policies::Failure::dns)
                    : gives_up(Kind::deferred, "4.4.3", name + ": " + answer.error().detail, policies::Failure::dns);
    co_return nullptr;
  }

  // RFC 5321 section 5.1. False: last_ says why there is none.
  Awaitable<bool> find_servers(std::vector<Host>& hosts) {
    const net::SharedDnsAnswer answer = co_await ask(domain_, net::DnsType::mx);
    if (answer == nullptr) co_return false;
    if (answer->kind == net::DnsAnswer::Kind::no_such_name) {
      last_ = gives_up(Kind::failed, "5.1.2", "there is no domain " + domain_, policies::Failure::dns);
      co_return false;
    }
    MxFacts facts{domain_, {}, shared_.own_names, shared_.random.u64()};
    for (const net::DnsRecord& record : answer->records) facts.records.push_back({record.preference, record.text});
    Result<std::vector<Host>> found = hosts_of(std::move(facts));
    if (!found.ok()) {
      const bool null_mx = found.error().kind == Errc::refused;
      last_ = gives_up(Kind::failed, null_mx ? "5.1.10" : "5.4.6", found.error().detail, policies::Failure::dns);
      co_return false;
    }
    hosts = std::move(*found);
    for (Host& host : hosts) host.port = shared_.port;
    if (shared_.sts != nullptr && !errand_.mail.request.tls_optional) {
      Awaitable<std::shared_ptr<const StsPolicy>> asked = shared_.sts->of(domain_);
      sts_ = co_await std::move(asked);
    }
    co_return true;
  }

  Awaitable<void> find_addresses(const Host& host, std::vector<std::string>& addresses) {
    if (!host.address.empty()) {
      addresses.push_back(host.address);
      co_return;
    }
    for (const net::DnsType type : {net::DnsType::aaaa, net::DnsType::a}) {
      const net::SharedDnsAnswer answer = co_await ask(host.name, type);
      if (answer == nullptr) continue;
      for (const net::DnsRecord& record : answer->records) addresses.push_back(record.text);
    }
  }

  TlsPlan plan_for(const Host& host) const {
    TlsFacts facts;
    if (relay_ != nullptr) facts.relay = relay_->tls;
    facts.logs_in = relay_ != nullptr && !relay_->user.empty() && !is_local(host.address);
    facts.require_tls = errand_.mail.request.require_tls;
    facts.tls_optional = errand_.mail.request.tls_optional;
    facts.sts = sts_.get();
    facts.host = host.name;
    TlsPlan plan = tls_plan_of(facts);
    if (!plan.mismatch.empty()) log::info("mta_sts_would_refuse", {{"domain", domain_}, {"reason", plan.mismatch}});
    return plan;
  }

  // Null: last_ says why. TLS that was merely possible and failed is done without.
  Awaitable<std::unique_ptr<Line>> reach(const Host& host, const std::string& address, const TlsPlan& plan) {
    TlsPlan::Use use = plan.use;
    for (;;) {
      std::unique_ptr<Line> line = co_await open(host, address, use);
      if (line != nullptr || use != TlsPlan::Use::offered || !tls_failed_ || is_over()) co_return line;
      log::info("tls_done_without", {{"server", to_string(host)}, {"reason", last_.verdict.diagnostic}});
      use = TlsPlan::Use::never;
    }
  }

  Awaitable<std::unique_ptr<Line>> open(const Host& host, const std::string& address, TlsPlan::Use use) {
    tls_failed_ = false;
    last_.remote = host.name.empty() ? address : host.name;
    net::ConnectTarget target{{address}, host.port, "", "", shared_.connect_timeout, shared_.connect_timeout, &progress_.connecting};
    Awaitable<Result<net::Connected>> connecting = net::connect(loop_, std::move(target));
    const Result<net::Connected> connected = co_await std::move(connecting);
    if (!connected.ok()) {
      fail(connected.error(), host, policies::Failure::connection, "4.4.1");
      co_return nullptr;
    }
    auto line = std::make_unique<Line>(loop_, connected->socket, net::SmtpClient::Options{net::SmtpProtocol::smtp, shared_.hello, shared_.timeouts});
    line->remote = last_.remote;
    if (is_ended()) line->stream.close();
    progress_.stream = &line->stream;
    line->stream.deadline().limit(net::Span::session, kDialTotal);  // beside that of each reply
    const bool ready = co_await introduce(*line, host, address, use);
    line->stream.deadline().unlimit(net::Span::session);
    progress_.stream = nullptr;
    if (!ready) line.reset();
    co_return line;
  }

  // TLS, greeting, AUTH.
  Awaitable<bool> introduce(Line& line, const Host& host, const std::string& address, TlsPlan::Use use) {
    using Trust = net::TlsExpectation::Trust;
    const net::TlsExpectation verified{host.name.empty() ? address : host.name, Trust::verified, net::TlsVersion::tls12};
    if (use == TlsPlan::Use::implicit) {
      Awaitable<Result<void>> handshake = line.stream.start_tls(*shared_.authorities, verified, shared_.timeouts.handshake);
      const Result<void> shaken = co_await std::move(handshake);
      if (!shaken.ok()) co_return fail(shaken.error(), host, policies::Failure::tls, "4.7.5");
    }
    const Result<void> greeted = co_await line.client.greet();
    if (!greeted.ok()) co_return fail_by_peer(line, greeted.error(), host);
    const bool wanted = use == TlsPlan::Use::verified || (use == TlsPlan::Use::offered && line.client.offered().start_tls);
    if (wanted) {
      const net::TlsExpectation expected{verified.name, use == TlsPlan::Use::verified ? Trust::verified : Trust::anybody, net::TlsVersion::tls12};
      Awaitable<Result<void>> securing = line.client.start_tls(*shared_.authorities, expected);
      const Result<void> secured = co_await std::move(securing);
      if (!secured.ok()) {
        tls_failed_ = true;
        co_return fail(secured.error(), host, policies::Failure::tls, "4.7.5");
      }
    }
    if (relay_ != nullptr && !relay_->user.empty()) co_return co_await log_in(line, host, address);
    co_return true;
  }

  Awaitable<bool> log_in(Line& line, const Host& host, const std::string& address) {
    // A password goes over a wire that others can read only on this machine itself.
    if (!line.client.is_secure() && !is_local(address)) {
      co_return fail({Errc::denied, "no password is sent without TLS; set relay.tls = \"required\""}, host, policies::Failure::tls, "4.7.0");
    }
    Awaitable<Result<void>> login = line.client.authenticate(relay_->user, shared_.passwords.at(relay_->password_file));
    const Result<void> known = co_await std::move(login);
    if (known.ok()) co_return true;
    co_return fail(known.error(), host, policies::Failure::tls, "4.7.8");
  }

  bool fail(const Error& error, const Host& host, policies::Failure failure, std::string_view status) {
    const std::string remote = last_.remote;
    last_ = gives_up(Kind::deferred, status, to_string(host) + ": " + error.detail, failure);
    last_.remote = remote;
    return false;
  }

  // A greeting or EHLO that says no is about this server alone: another may be asked, and a 5xx is no verdict on the recipient.
  bool fail_by_peer(const Line& line, const Error& error, const Host& host) {
    if (line.client.refusal().code == 0) return fail(error, host, policies::Failure::connection, "4.4.2");
    const std::string remote = last_.remote;
    last_ = Dialled{nullptr, net::verdict_of(line.client.refusal()), policies::Failure::peer, remote};
    last_.verdict.kind = Kind::deferred;
    if (last_.verdict.status.starts_with('5')) last_.verdict.status[0] = '4';
    return false;
  }

  net::Loop& loop_;
  const Dialling& shared_;
  const Errand& errand_;
  CallInProgress& progress_;
  const SteadyTime end_;
  const schema::RelayRoute* relay_ = nullptr;
  std::string domain_;
  std::shared_ptr<const StsPolicy> sts_;
  Dialled last_{};
  bool tls_failed_ = false;
};

}  // namespace

Awaitable<Dialled> dial(net::Loop& loop, const Dialling& shared, const Errand& errand, CallInProgress& progress) {
  Call call(loop, shared, errand, progress);
  co_return co_await call.run();
}

}  // namespace telepost::adapters::smtp::sender
