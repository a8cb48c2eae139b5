// The services behind the ports that honeypots see.

/** @type {Record<string, string>} */
const services = {
  20: "FTP data", 21: "FTP", 22: "SSH", 23: "Telnet", 25: "SMTP", 42: "WINS", 53: "DNS", 67: "DHCP", 69: "TFTP", 80: "HTTP",
  81: "HTTP", 82: "HTTP", 88: "Kerberos", 110: "POP3", 111: "RPC", 119: "NNTP", 123: "NTP", 135: "MS RPC", 137: "NetBIOS",
  138: "NetBIOS", 139: "NetBIOS", 143: "IMAP", 161: "SNMP", 179: "BGP", 389: "LDAP", 443: "HTTPS", 445: "SMB", 465: "SMTPS",
  500: "IPsec IKE", 502: "Modbus", 512: "rexec", 513: "rlogin", 514: "Syslog", 515: "LPD printer", 548: "AFP", 554: "RTSP camera",
  587: "SMTP", 623: "IPMI", 631: "IPP printer", 636: "LDAPS", 873: "rsync", 902: "VMware", 993: "IMAPS", 995: "POP3S",
  1025: "Kamstrup meter", 1080: "SOCKS", 1099: "Java RMI", 1194: "OpenVPN", 1433: "MS SQL", 1434: "MS SQL", 1521: "Oracle",
  1701: "L2TP", 1723: "PPTP", 1883: "MQTT", 1900: "UPnP", 2049: "NFS", 2083: "cPanel", 2087: "cPanel", 2181: "ZooKeeper",
  2222: "SSH", 2323: "Telnet", 2375: "Docker", 2376: "Docker TLS", 2379: "etcd", 2404: "IEC 104", 2575: "HL7", 3000: "HTTP",
  3128: "Proxy", 3268: "LDAP", 3306: "MySQL", 3389: "RDP", 3690: "Subversion", 4369: "Erlang", 4443: "HTTPS", 4444: "Metasploit",
  4786: "Cisco Smart Install", 5000: "UPnP, HTTP", 5038: "Asterisk", 5060: "SIP", 5061: "SIP TLS", 5353: "mDNS", 5432: "PostgreSQL",
  5555: "Android ADB", 5601: "Kibana", 5672: "AMQP", 5683: "CoAP", 5800: "VNC, HTTP", 5900: "VNC", 5901: "VNC", 5984: "CouchDB",
  5985: "WinRM", 5986: "WinRM", 6000: "X11", 6001: "X11", 6379: "Redis", 6443: "Kubernetes", 6667: "IRC", 7001: "WebLogic",
  7547: "TR-069 router", 8000: "HTTP", 8008: "HTTP", 8080: "HTTP", 8081: "HTTP", 8086: "InfluxDB", 8088: "Hadoop", 8090: "HTTP",
  8123: "HTTP", 8291: "MikroTik", 8443: "HTTPS", 8545: "Ethereum", 8728: "MikroTik", 8888: "HTTP", 9000: "HTTP", 9001: "Tor",
  9042: "Cassandra", 9090: "Prometheus", 9092: "Kafka", 9100: "Printer", 9200: "Elasticsearch", 9300: "Elasticsearch",
  9418: "Git", 10000: "Webmin", 10001: "Fuel tank gauge", 10250: "Kubernetes", 11112: "DICOM", 11211: "Memcached", 11434: "Ollama",
  15672: "RabbitMQ", 20000: "DNP3", 25565: "Minecraft", 27017: "MongoDB", 32764: "Router back door", 37215: "Huawei router",
  44818: "EtherNet/IP", 47808: "BACnet", 50000: "SAP", 50100: "Industrial", 52869: "UPnP router", 60001: "IP camera",
};

/** serviceOf returns what usually listens on a port, "" if that is not known. @param {string} port */
export const serviceOf = (port) => (Object.hasOwn(services, port) ? services[port] : "");
