// A name server for tests: a zone in memory, asked over UDP and TCP on one port of the loopback. It writes its messages itself
// (RFC 1035 section 4), so that it shares no mistake with what reads them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "schema/configuration.h"

namespace telepost::test {

// Any thread. Names in lower case without the last dot. A name with nothing at it or below it is NXDOMAIN.
class DnsServer {
 public:
  DnsServer();
  ~DnsServer();
  schema::Endpoint endpoint() const { return {"127.0.0.1", port_, ""}; }
  schema::DnsSettings settings() const;  // that ask here, with short timeouts

  void add_a(const std::string& name, const std::string& address, std::uint32_t ttl = 300);
  void add_aaaa(const std::string& name, const std::string& address, std::uint32_t ttl = 300);
  void add_mx(const std::string& name, std::uint16_t preference, const std::string& host, std::uint32_t ttl = 300);
  void add_txt(const std::string& name, const std::string& text, std::uint32_t ttl = 300);  // cut into strings of 255 bytes
  void add_ptr(const std::string& name, const std::string& host, std::uint32_t ttl = 300);
  void add_cname(const std::string& name, const std::string& target, std::uint32_t ttl = 300);
  void add(const std::string& name, std::uint16_t type, std::string rdata, std::uint32_t ttl = 300);
  void remove(const std::string& name);
  void fail(const std::string& name);    // SERVFAIL from now on
  void ignore(const std::string& name);  // no answer at all

  unsigned questions(const std::string& name) const;  // that came for it so far, of any type
  unsigned questions_by_tcp() const;

 private:
  struct Record {
    std::uint32_t ttl;
    std::string rdata;
  };
  using Key = std::pair<std::string, std::uint16_t>;
  enum class Transport : unsigned char { udp, tcp };

  void run();
  void serve_datagram();
  void serve_connection();
  std::string answer(std::string_view question, Transport transport);
  std::string records_for(std::string name, std::uint16_t type, std::uint16_t& count) const;
  bool exists(const std::string& name) const;

  int udp_ = -1, tcp_ = -1, wake_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::multimap<Key, Record> zone_;             // guarded by mutex_
  std::set<std::string> failing_, ignored_;     // guarded by mutex_
  std::map<std::string, unsigned> questions_;   // guarded by mutex_
  unsigned by_tcp_ = 0;                         // guarded by mutex_
  std::thread thread_;
};

}  // namespace telepost::test
