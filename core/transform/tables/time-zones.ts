/** TZA-1: `code: zones`; the first zone of a code is its IANA value. */
export const TIME_ZONE_ROWS = `
AFGHAN: Asia/Kabul
ALA: America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka America/Yakutat
ALAW: America/Adak
ART: America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia
AST: America/Halifax America/Glace_Bay America/Goose_Bay America/Moncton Atlantic/Bermuda
AUSEUC: Australia/Eucla
AUSLHI: Australia/Lord_Howe
AUSNSW: Australia/Sydney Antarctica/Macquarie
AUSNT: Australia/Darwin
AUSQLD: Australia/Brisbane Australia/Lindeman
AUSSA: Australia/Adelaide Australia/Broken_Hill
AUSTAS: Australia/Hobart
AUSVIC: Australia/Melbourne
AUSWA: Australia/Perth
AZOREN: Atlantic/Azores
AZT: Asia/Baku
BDT: Asia/Dhaka
BRAZIL: America/Sao_Paulo America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio America/Recife America/Santarem
BRZLAN: America/Eirunepe America/Rio_Branco
BRZLWE: America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus America/Porto_Velho
CAT: Africa/Johannesburg Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo Africa/Maseru Africa/Mbabane Africa/Tripoli Africa/Windhoek
CET: Europe/Berlin Africa/Ceuta Arctic/Longyearbyen Europe/Amsterdam Europe/Andorra Europe/Belgrade Europe/Bratislava Europe/Brussels Europe/Budapest Europe/Busingen Europe/Copenhagen Europe/Gibraltar Europe/Ljubljana Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm Europe/Tirane Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich
CHILE: America/Santiago
CHILEE: Pacific/Easter
CHILEM: America/Punta_Arenas America/Coyhaique
CST: America/Chicago America/Indiana/Knox America/Indiana/Tell_City America/Matamoros America/Menominee America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem America/Ojinaga America/Rainy_River America/Rankin_Inlet America/Resolute America/Winnipeg
CSTNO: America/Mexico_City America/Bahia_Banderas America/Chihuahua America/Merida America/Monterrey America/Regina America/Swift_Current
CYPRUS: Asia/Nicosia Asia/Famagusta
EET: Europe/Athens Asia/Gaza Asia/Hebron Europe/Bucharest Europe/Helsinki Europe/Kiev Europe/Mariehamn Europe/Riga Europe/Sofia Europe/Tallinn Europe/Uzhgorod Europe/Vilnius Europe/Zaporozhye
EGYPT: Africa/Cairo
EST: America/New_York America/Detroit America/Grand_Turk America/Indiana/Indianapolis America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac America/Iqaluit America/Kentucky/Louisville America/Kentucky/Monticello America/Nassau America/Nipigon America/Pangnirtung America/Port-au-Prince America/Thunder_Bay America/Toronto
ESTNO: America/Atikokan America/Cancun
EST_NA: America/Havana
FIJI: Pacific/Fiji
FLKLND: Atlantic/Stanley
GMTUK: Europe/London Europe/Dublin Europe/Guernsey Europe/Isle_of_Man Europe/Jersey
GST: America/Nuuk
GSTE: America/Scoresbysund
GSTW: America/Thule
HAW: Pacific/Honolulu
INDIA: Asia/Kolkata
IRAN: Asia/Tehran
IRAQ: Asia/Baghdad
ISRAEL: Asia/Jerusalem
JAPAN: Asia/Tokyo
JORDAN: Asia/Amman
LBANON: Asia/Beirut
MAU: Indian/Mauritius
MOLDVA: Europe/Chisinau
MOROCC: Africa/Casablanca
MST: America/Denver America/Boise America/Cambridge_Bay America/Ciudad_Juarez America/Edmonton America/Inuvik America/Yellowknife
MSTNO: America/Phoenix America/Creston America/Dawson_Creek America/Fort_Nelson America/Hermosillo America/Mazatlan America/Whitehorse America/Dawson
NEPAL: Asia/Kathmandu
NORFLK: Pacific/Norfolk
NST: America/St_Johns
NZCHA: Pacific/Chatham
NZST: Pacific/Auckland Antarctica/McMurdo
PARAGY: America/Asuncion
PIERRE: America/Miquelon
PKT: Asia/Karachi
PST: America/Los_Angeles America/Tijuana America/Vancouver
RUS02: Europe/Kaliningrad
RUS03: Europe/Moscow Europe/Kirov Europe/Volgograd
RUS04: Europe/Astrakhan Europe/Samara Europe/Saratov Europe/Ulyanovsk
RUS05: Asia/Yekaterinburg
RUS06: Asia/Omsk
RUS07: Asia/Novosibirsk Asia/Barnaul Asia/Krasnoyarsk Asia/Novokuznetsk Asia/Tomsk
RUS08: Asia/Irkutsk
RUS09: Asia/Yakutsk Asia/Chita Asia/Khandyga
RUS10: Asia/Vladivostok Asia/Ust-Nera
RUS11: Asia/Sakhalin Asia/Magadan Asia/Srednekolymsk
RUS12: Asia/Kamchatka Asia/Anadyr
SYRIA: Asia/Damascus
TURKEY: Europe/Istanbul
URUGUA: America/Montevideo
WAT: Africa/Lagos Africa/Algiers Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Libreville Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo
WET: Europe/Lisbon Atlantic/Canary Atlantic/Faroe Atlantic/Madeira
UTC: Etc/UTC Africa/Abidjan Africa/Accra Africa/Bamako Africa/Banjul Africa/Bissau Africa/Conakry Africa/Dakar Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou Africa/Sao_Tome America/Danmarkshavn Antarctica/Troll Atlantic/Reykjavik Atlantic/St_Helena Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich Etc/Universal Etc/Zulu
UTC+1: Etc/GMT-1 Africa/El_Aaiun Africa/Tunis Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu
UTC+10: Etc/GMT-10 Pacific/Bougainville Pacific/Efate Pacific/Guadalcanal Pacific/Kosrae Pacific/Noumea Pacific/Pohnpei Antarctica/DumontDUrville
UTC+11: Etc/GMT-11 Antarctica/Casey Pacific/Bougainville Pacific/Efate Pacific/Guadalcanal Pacific/Kosrae Pacific/Noumea Pacific/Pohnpei
UTC+12: Etc/GMT-12 Pacific/Funafuti Pacific/Kwajalein Pacific/Majuro Pacific/Nauru Pacific/Tarawa Pacific/Wake Pacific/Wallis
UTC+2: Etc/GMT-2
UTC+3: Etc/GMT-3 Africa/Addis_Ababa Africa/Asmara Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Antarctica/Syowa Asia/Aden Asia/Bahrain Asia/Kuwait Asia/Qatar Asia/Riyadh Europe/Minsk Europe/Simferopol Indian/Antananarivo Indian/Comoro Indian/Mayotte
UTC+4: Etc/GMT-4 Asia/Dubai Asia/Muscat Asia/Tbilisi Asia/Yerevan Indian/Mahe Indian/Reunion
UTC+5: Etc/GMT-5 Antarctica/Mawson Asia/Almaty Asia/Anadyr Asia/Aqtau Asia/Aqtobe Asia/Ashgabat Asia/Atyrau Asia/Dushanbe Asia/Oral Asia/Qostanay Asia/Qyzylorda Asia/Samarkand Asia/Tashkent Indian/Kerguelen Indian/Maldives
UTC+53: Asia/Colombo
UTC+6: Etc/GMT-6 Indian/Chagos Antarctica/Vostok Asia/Bishkek Asia/Thimphu Asia/Urumqi
UTC+63: Asia/Yangon Indian/Cocos
UTC+7: Etc/GMT-7 Antarctica/Davis Asia/Bangkok Asia/Ho_Chi_Minh Asia/Hovd Asia/Jakarta Asia/Phnom_Penh Asia/Pontianak Asia/Vientiane Indian/Christmas
UTC+8: Etc/GMT-8 Asia/Brunei Asia/Choibalsan Asia/Hong_Kong Asia/Kuala_Lumpur Asia/Kuching Asia/Macau Asia/Makassar Asia/Manila Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Ulaanbaatar
UTC+9: Etc/GMT-9 Asia/Dili Asia/Jayapura Asia/Pyongyang Asia/Seoul Pacific/Palau
UTC-1: Etc/GMT+1 Atlantic/Cape_Verde
UTC-10: Etc/GMT+10 Pacific/Rarotonga Pacific/Tahiti
UTC-11: Etc/GMT+11 Pacific/Midway Pacific/Niue Pacific/Pago_Pago
UTC-12: Etc/GMT+12
UTC-2: Etc/GMT+2 America/Noronha Atlantic/South_Georgia
UTC-3: Etc/GMT+3 America/Cayenne America/Paramaribo Antarctica/Palmer Antarctica/Rothera
UTC-4: Etc/GMT+4 America/Anguilla America/Antigua America/Aruba America/Barbados America/Blanc-Sablon America/Caracas America/Curacao America/Dominica America/Grenada America/Guadeloupe America/Guyana America/Kralendijk America/La_Paz America/Lower_Princes America/Marigot America/Martinique America/Montserrat America/Port_of_Spain America/Puerto_Rico America/Santo_Domingo America/St_Barthelemy America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent America/Tortola
UTC-5: Etc/GMT+5 America/Bogota America/Cayman America/Guayaquil America/Jamaica America/Lima America/Panama
UTC-6: Etc/GMT+6 America/Belize America/Costa_Rica America/El_Salvador America/Guatemala America/Managua America/Tegucigalpa Pacific/Galapagos
UTC-7: Etc/GMT+7
UTC-8: Etc/GMT+8 Pacific/Pitcairn
UTC-9: Etc/GMT+9 Pacific/Gambier
`;

/** TZA-1: the code that a zone listed under two codes belongs to. */
export const PREFERRED_CODES: Readonly<Record<string, string>> = {
  'Asia/Anadyr': 'RUS12',
  'Pacific/Bougainville': 'UTC+11',
  'Pacific/Efate': 'UTC+11',
  'Pacific/Guadalcanal': 'UTC+11',
  'Pacific/Kosrae': 'UTC+11',
  'Pacific/Noumea': 'UTC+11',
  'Pacific/Pohnpei': 'UTC+11',
  'Africa/Dar_es_Salaam': 'UTC+3',
  'Africa/Djibouti': 'UTC+3',
  'Africa/Kampala': 'UTC+3',
  'Africa/Mogadishu': 'UTC+3',
};

/** TZA-2: `alias=zone of the table`, from the links of the IANA time zone database 2025b. */
export const TIME_ZONE_ALIASES = `
Africa/Asmera=Africa/Nairobi Africa/Timbuktu=Africa/Abidjan
America/Argentina/ComodRivadavia=America/Argentina/Catamarca America/Atka=America/Adak
America/Buenos_Aires=America/Argentina/Buenos_Aires America/Catamarca=America/Argentina/Catamarca
America/Coral_Harbour=America/Panama America/Cordoba=America/Argentina/Cordoba
Europe/Kyiv=Europe/Kiev America/Ensenada=America/Tijuana America/Fort_Wayne=America/Indiana/Indianapolis America/Godthab=America/Nuuk
America/Indianapolis=America/Indiana/Indianapolis America/Jujuy=America/Argentina/Jujuy
America/Knox_IN=America/Indiana/Knox America/Louisville=America/Kentucky/Louisville
America/Mendoza=America/Argentina/Mendoza America/Montreal=America/Toronto
America/Porto_Acre=America/Rio_Branco America/Rosario=America/Argentina/Cordoba
America/Santa_Isabel=America/Tijuana America/Shiprock=America/Denver America/Virgin=America/Puerto_Rico
Antarctica/South_Pole=Pacific/Auckland Asia/Ashkhabad=Asia/Ashgabat Asia/Calcutta=Asia/Kolkata
Asia/Chongqing=Asia/Shanghai Asia/Chungking=Asia/Shanghai Asia/Dacca=Asia/Dhaka Asia/Harbin=Asia/Shanghai
Asia/Istanbul=Europe/Istanbul Asia/Kashgar=Asia/Urumqi Asia/Katmandu=Asia/Kathmandu Asia/Macao=Asia/Macau
Asia/Rangoon=Asia/Yangon Asia/Saigon=Asia/Ho_Chi_Minh Asia/Tel_Aviv=Asia/Jerusalem Asia/Thimbu=Asia/Thimphu
Asia/Ujung_Pandang=Asia/Makassar Asia/Ulan_Bator=Asia/Ulaanbaatar Atlantic/Faeroe=Atlantic/Faroe
Atlantic/Jan_Mayen=Europe/Berlin Australia/ACT=Australia/Sydney Australia/Canberra=Australia/Sydney
Australia/Currie=Australia/Hobart Australia/LHI=Australia/Lord_Howe Australia/NSW=Australia/Sydney
Australia/North=Australia/Darwin Australia/Queensland=Australia/Brisbane Australia/South=Australia/Adelaide
Australia/Tasmania=Australia/Hobart Australia/Victoria=Australia/Melbourne Australia/West=Australia/Perth
Australia/Yancowinna=Australia/Broken_Hill Brazil/Acre=America/Rio_Branco Brazil/DeNoronha=America/Noronha
Brazil/East=America/Sao_Paulo Brazil/West=America/Manaus Canada/Atlantic=America/Halifax
Canada/Central=America/Winnipeg Canada/Eastern=America/Toronto Canada/Mountain=America/Edmonton
Canada/Newfoundland=America/St_Johns Canada/Pacific=America/Vancouver Canada/Saskatchewan=America/Regina
Canada/Yukon=America/Whitehorse Chile/Continental=America/Santiago Chile/EasterIsland=Pacific/Easter
Cuba=America/Havana Egypt=Africa/Cairo Eire=Europe/Dublin Etc/UCT=Etc/UTC Europe/Belfast=Europe/London
Europe/Nicosia=Asia/Nicosia Europe/Tiraspol=Europe/Chisinau GB=Europe/London GB-Eire=Europe/London
GMT=Etc/GMT GMT+0=Etc/GMT GMT-0=Etc/GMT GMT0=Etc/GMT Greenwich=Etc/GMT Hongkong=Asia/Hong_Kong
Iceland=Africa/Abidjan Iran=Asia/Tehran Israel=Asia/Jerusalem Jamaica=America/Jamaica Japan=Asia/Tokyo
Kwajalein=Pacific/Kwajalein Libya=Africa/Tripoli Mexico/BajaNorte=America/Tijuana
Mexico/BajaSur=America/Mazatlan Mexico/General=America/Mexico_City NZ=Pacific/Auckland
NZ-CHAT=Pacific/Chatham Navajo=America/Denver PRC=Asia/Shanghai Pacific/Johnston=Pacific/Honolulu
Pacific/Ponape=Pacific/Guadalcanal Pacific/Samoa=Pacific/Pago_Pago Poland=Europe/Warsaw
Portugal=Europe/Lisbon ROC=Asia/Taipei ROK=Asia/Seoul Singapore=Asia/Singapore Turkey=Europe/Istanbul
UCT=Etc/UTC US/Alaska=America/Anchorage US/Aleutian=America/Adak US/Arizona=America/Phoenix
US/Central=America/Chicago US/East-Indiana=America/Indiana/Indianapolis US/Eastern=America/New_York
US/Hawaii=Pacific/Honolulu US/Indiana-Starke=America/Indiana/Knox US/Michigan=America/Detroit
US/Mountain=America/Denver US/Pacific=America/Los_Angeles US/Samoa=Pacific/Pago_Pago UTC=Etc/UTC
Universal=Etc/UTC W-SU=Europe/Moscow Zulu=Etc/UTC
`;
