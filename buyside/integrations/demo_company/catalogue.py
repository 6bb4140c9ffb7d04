"""What the demo company buys and makes: units, item groups and procurement items.

Brennholt is an invented maker of cargo bikes. Purchased items are written as small tables, one line each, so that a
person can read and extend them; made and phantom items stand beside their structure in `products`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

UNITS = (
    # code, name, category, factor to the category's base, decimals
    ("pcs", "Piece", "count", "1", 0),
    ("pair", "Pair", "count", "2", 0),
    ("c100", "Carton of 100", "count", "100", 0),
    ("box50", "Box of 50", "count", "50", 0),
    ("m", "Metre", "length", "1", 3),
    ("bar6", "Bar of 6 m", "length", "6", 0),
    ("reel100", "Reel of 100 m", "length", "100", 0),
    ("kg", "Kilogram", "mass", "1", 3),
    ("bag25", "Bag of 25 kg", "mass", "25", 0),
    ("l", "Litre", "volume", "1", 3),
    ("can5", "Canister of 5 l", "volume", "5", 0),
    ("sheet", "Sheet", "sheet", "1", 0),
    ("set", "Set", "set", "1", 0),
    ("h", "Hour", "time", "1", 2),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One procurement item; `cost` is the standard cost of a stock unit in euro."""

    code: str
    name: str
    unit: str
    group: str
    cost: Decimal
    supply: str = "buy"
    kind: str = "inventory"
    make_days: int = 0


_BOUGHT = """
TUB Tubes, bars and sheet
D22|Aluminium tube 6061-T6, 22.2 × 1.8 mm|m|3.85
D28|Aluminium tube 6061-T6, 28.6 × 2.0 mm|m|4.90
D34|Aluminium tube 6061-T6, 34.9 × 2.0 mm|m|5.70
D40|Aluminium tube 6061-T6, 40.0 × 2.2 mm|m|6.95
D45|Aluminium tube 6061-T6, 45.0 × 2.5 mm|m|8.40
D50|Aluminium tube 6061-T6, 50.8 × 2.5 mm|m|9.75
D60|Aluminium tube 6061-T6, 60.3 × 3.0 mm|m|12.60
R40|Aluminium rectangular tube 40 × 20 × 2 mm|m|6.10
R50|Aluminium rectangular tube 50 × 30 × 3 mm|m|9.20
S30|Aluminium square tube 30 × 30 × 2 mm|m|6.40
C25|Chromoly tube 25.4 × 1.2 mm|m|11.30
C28|Chromoly steerer tube 28.6 × 2.3 mm|m|14.80
B20|Aluminium round bar 20 mm|m|5.15
B60|Aluminium round bar 60 mm|m|24.50
F20|Aluminium flat bar 20 × 3 mm|m|1.95
F40|Aluminium flat bar 40 × 5 mm|m|4.35
A2|Aluminium sheet 2 mm, 1000 × 2000|sheet|61.00
A3|Aluminium sheet 3 mm, 1000 × 2000|sheet|88.50
A5|Aluminium tread plate 3/5 mm, 1000 × 2000|sheet|119.00
S1|Steel sheet 1.5 mm, 1000 × 2000|sheet|42.00
WIRE|Welding wire ER5356, 1.2 mm|kg|11.90
FRM Frame parts
DOL|Dropout left, forged, 12 mm|pcs|6.80
DOR|Dropout right, forged, 12 mm|pcs|6.80
DOT|Dropout plate trailer, laser cut|pcs|3.40
HAN|Replaceable derailleur hanger|pcs|4.10
GUS|Gusset plate, laser cut|pcs|1.35
BBS|Bottom bracket shell BSA 73 mm|pcs|4.90
MTB|Motor bracket, forged|pcs|17.50
BOS|Bottle boss M5, weld-in|pcs|0.38
CGU|Cable guide, weld-on|pcs|0.42
CPO|Cable port with grommet|pcs|0.95
BSM|Brake mount, post mount 180|pcs|3.60
KSM|Kickstand mount plate|pcs|5.20
SCL|Seat tube collar|pcs|1.90
RKB|Rack bridge, machined|pcs|7.40
BRL|Battery rail, extruded|pcs|13.80
BRC|Battery rail cover|pcs|4.60
HDU|Head tube insert upper|pcs|2.70
HDL|Head tube insert lower|pcs|2.95
TRI|Trike rear axle carrier|pcs|38.00
TIL|Tilting bearing housing|pcs|29.50
SRN|Serial number plate|pcs|0.55
HIT|Trailer hitch coupling|pcs|16.20
STR Fork and steering
LEG|Fork leg, hydroformed|pcs|9.80
CRN|Fork crown, forged|pcs|12.40
TAX|Thru axle front 15 × 110|pcs|11.60
ROD|Rod end M8, right hand|pcs|3.25
RDL|Rod end M8, left hand|pcs|3.45
HSU|Headset upper, sealed bearing|pcs|8.90
HSL|Headset lower, sealed bearing|pcs|9.60
SUS|Suspension fork 20", 80 mm travel|pcs|96.00
CAB|Steering cable, 1.8 m|pcs|6.30
PUL|Steering cable pulley|pcs|4.70
DMP|Steering damper, spring|pcs|9.20
BSH|Bush, self-lubricating 20 × 23 × 20|pcs|1.10
STP|Star nut 1 1/8"|pcs|0.65
SPC|Spacer set 1 1/8"|set|1.40
WHL Wheels and tyres
R20|Rim 20", 36 holes, double wall|pcs|16.90
R24|Rim 24", 32 holes, double wall|pcs|18.40
R26|Rim 26", 36 holes, double wall|pcs|19.60
R27|Rim 27.5", 32 holes, double wall|pcs|21.80
SP18|Spoke 2.3 × 184 mm, stainless|pcs|0.19
SP22|Spoke 2.0 × 222 mm, stainless|pcs|0.17
SP25|Spoke 2.3 × 252 mm, stainless|pcs|0.21
SP27|Spoke 2.0 × 274 mm, stainless|pcs|0.18
NIP|Spoke nipple 14 mm, brass|pcs|0.06
TAP|Rim tape 22 mm|m|0.24
HSH|Hub shell front, machined|pcs|14.20
HAX|Hub axle 15 mm|pcs|5.60
HBR|Hub bearing 6902 2RS|pcs|2.35
HDS|Hub disc carrier, six bolt|pcs|3.80
HTR|Hub, trailer, quick release|pcs|11.90
T20|Tyre 20 × 2.15, puncture guard|pcs|17.50
T24|Tyre 24 × 2.00, puncture guard|pcs|18.20
T26|Tyre 26 × 2.15, puncture guard|pcs|19.40
T27|Tyre 27.5 × 2.40, puncture guard|pcs|22.60
W20|Winter tyre 20", studded|pcs|31.00
W26|Winter tyre 26", studded|pcs|34.00
I20|Inner tube 20", Dunlop valve|pcs|3.10
I24|Inner tube 24", Dunlop valve|pcs|3.20
I26|Inner tube 26", Dunlop valve|pcs|3.30
I27|Inner tube 27.5", Dunlop valve|pcs|3.60
MG20|Mudguard 20", 60 mm|pcs|8.40
MG24|Mudguard 24", 60 mm|pcs|8.80
MG26|Mudguard 26", 60 mm|pcs|9.10
MG27|Mudguard 27.5", 66 mm|pcs|9.90
STY|Mudguard stay, stainless|pcs|1.25
DRV Drive train
CRK|Crank set 170 mm, alloy|set|23.50
CRS|Crank set 160 mm, alloy|set|23.50
PED|Pedal, non-slip|pair|9.40
CR38|Chainring 38 teeth|pcs|11.20
CR42|Chainring 42 teeth|pcs|12.10
CHN|Chain 1/2 × 3/32", 138 links|pcs|12.80
CHL|Chain link, quick lock|pcs|1.90
CHG|Chain guard, two rings|pcs|10.70
CHT|Chain tensioner|pcs|13.40
BLT|Carbon belt 128 teeth|pcs|54.00
BLF|Belt sprocket front, 46 teeth|pcs|38.00
BLR|Belt sprocket rear, 22 teeth|pcs|31.00
BLG|Belt guide roller|pcs|14.90
SPR|Sprocket 18 teeth, hub|pcs|6.70
G5|Gear hub 5-speed, heavy duty|pcs|148.00
G8|Gear hub 8-speed|pcs|129.00
GCV|Gear hub, stepless|pcs|236.00
D10|Rear derailleur 10-speed|pcs|42.50
CS10|Cassette 10-speed 11–42|pcs|36.00
FH10|Freehub rear hub, 10-speed|pcs|39.00
SH5|Shifter 5-speed|pcs|18.60
SH8|Shifter 8-speed|pcs|16.90
SHC|Shifter, stepless, rotary|pcs|31.00
SH10|Shifter 10-speed|pcs|21.40
SCB|Shift cable, inner, stainless|pcs|1.60
SHO|Shift housing 4 mm|m|1.15
DIF|Differential, trike rear axle|pcs|112.00
AXR|Axle shaft, trike rear|pcs|26.00
MOT Motors and batteries
M65|Mid motor 65 Nm|pcs|312.00
M85|Mid motor 85 Nm, cargo|pcs|398.00
M120|Mid motor 120 Nm, heavy cargo|pcs|489.00
HUBM|Trailer hub motor 250 W|pcs|184.00
MCV|Motor cover, left and right|set|12.80
MBO|Motor bolt kit|set|6.90
B500|Battery 500 Wh, rail|pcs|284.00
B750|Battery 750 Wh, rail|pcs|396.00
B1000|Battery 1000 Wh, rail|pcs|512.00
BMT|Battery mount, locking|pcs|21.50
BKY|Battery lock cylinder, keyed alike|pcs|8.70
BSC|Dual battery cable|pcs|27.00
C2A|Charger 2 A|pcs|34.00
C4A|Charger 4 A|pcs|52.00
C8A|Fast charger 8 A|pcs|98.00
SPD|Speed sensor|pcs|11.50
MGN|Spoke magnet|pcs|2.10
ELE Electrical parts
DSP|Display, monochrome 2.0"|pcs|46.00
DSP2|Display, colour 2.4"|pcs|49.00
REM|Remote control, three keys|pcs|18.50
W2|Cable 2 × 0.5 mm², black|m|0.62
W4|Cable 4 × 0.34 mm², shielded|m|1.18
W6|Power cable 2 × 2.5 mm²|m|2.35
CN2|Connector 2 pole, waterproof|pcs|1.45
CN4|Connector 4 pole, waterproof|pcs|2.05
CN6|Connector 6 pole, waterproof|pcs|2.80
HS6|Heat shrink 6 mm|m|0.48
HS12|Heat shrink 12 mm|m|0.74
LOO|Cable loom sleeve 12 mm|m|0.88
LF50|Front light 50 lux|pcs|21.50
LF100|Front light 100 lux, high beam|pcs|47.00
LR|Rear light|pcs|9.80
LRB|Rear light with brake signal|pcs|19.60
IND|Indicator set, four lamps|set|64.00
HRN|Horn, 90 dB|pcs|13.20
USB|USB-C charging port|pcs|14.60
GPS|Position tracker with SIM|pcs|58.00
ALR|Alarm module|pcs|33.00
BOXL|Cargo space light|pcs|12.40
CTR|Controller for indicators|pcs|28.50
BRK Brakes
H2F|Hydraulic disc brake 2 piston, front|pcs|38.00
H2R|Hydraulic disc brake 2 piston, rear|pcs|38.50
H4F|Hydraulic disc brake 4 piston, front|pcs|74.00
H4R|Hydraulic disc brake 4 piston, rear|pcs|75.00
LEV|Brake lever with parking lock|pcs|22.00
D160|Brake disc 160 mm|pcs|9.60
D180|Brake disc 180 mm|pcs|11.40
D203|Brake disc 203 mm|pcs|14.20
BDB|Brake disc bolt set|set|2.20
PAD|Brake pad pair, organic|pair|6.20
PADS|Brake pad pair, sintered|pair|8.90
AD20|Brake adapter +20|pcs|5.40
AD43|Brake adapter +43|pcs|6.60
HOS|Brake hose 5 mm|m|2.90
FLU|Brake fluid, mineral|l|13.50
OLV|Olive and barb kit|set|1.35
CKP Cockpit
BAR|Handlebar 31.8, swept|pcs|17.80
BARW|Handlebar 31.8, wide|pcs|19.20
STM|Stem, adjustable|pcs|21.90
STF|Stem, fixed 80 mm|pcs|12.70
GRP|Grip, ergonomic|pair|11.40
GRS|Grip, short for rotary shifter|pair|10.90
BEL|Bell, steel|pcs|4.20
MIR|Mirror left|pcs|12.80
BOT|Bottle cage|pcs|5.10
PHO|Phone mount|pcs|13.90
HCV|Headset cover with cable routing|pcs|8.60
SAT Seats
SAD|Saddle, comfort|pcs|19.80
SADS|Saddle, sport|pcs|18.20
POS|Seat post 30.9 × 350|pcs|13.60
POD|Dropper seat post 30.9, 100 mm|pcs|98.00
CLA|Seat clamp, quick release|pcs|6.10
BN1|Child bench, one seat|pcs|58.00
BN2|Child bench, two seats|pcs|76.00
BLT3|Safety belt, three point|pcs|14.30
CUS|Seat cushion|pcs|16.40
FOT|Foot rest pair, longtail|pair|22.00
RNG|Safety ring bar, longtail|pcs|64.00
BOX Cargo boxes and covers
EPP|Cargo tub, EPP moulded|pcs|92.00
PLY9|Birch plywood 9 mm, coated, 1250 × 2500|sheet|74.00
PLY6|Birch plywood 6 mm, coated, 1250 × 2500|sheet|58.00
EDG|Edge profile, aluminium|m|3.40
COR|Corner bracket, black|pcs|1.85
HNG|Hinge, stainless|pcs|3.70
GAS|Gas spring 150 N|pcs|9.80
LKC|Cam lock, keyed|pcs|7.90
LID|Lid, thermoformed|pcs|48.00
FLC|Flight case 300 l, lockable|pcs|214.00
DIV|Divider, perforated|pcs|11.60
MAT|Anti-slip mat|m|8.70
RCV|Rain cover, child|pcs|86.00
TON|Tonneau cover|pcs|44.00
POL|Tent pole, glass fibre|m|1.95
BAS|Front basket, steel|pcs|34.00
PAN|Side pannier, waterproof|pcs|41.00
STR|Cargo strap 2.5 m|pcs|4.60
RUB|Rubber seal profile|m|2.10
REF|Reflective strip 25 mm|m|1.60
INS|Insulation panel 20 mm|sheet|18.50
PNT Paint and consumables
RAL9005|Powder coating jet black, fine texture|kg|8.90
RAL7016|Powder coating anthracite|kg|9.10
RAL9016|Powder coating traffic white|kg|8.70
RAL5024|Powder coating pastel blue|kg|9.80
RAL6011|Powder coating reseda green|kg|9.80
RAL3000|Powder coating flame red|kg|10.40
RAL1023|Powder coating traffic yellow|kg|10.60
PEARL|Powder coating pearl sand|kg|14.20
PRM|Primer powder, zinc free|kg|7.20
CLR|Clear coat powder|kg|8.30
GRE|Bearing grease|kg|12.40
CHO|Chain oil|l|9.70
THL|Thread lock, medium|l|78.00
CLN|Degreaser|l|4.10
CUT|Cutting fluid|l|6.30
MSK|Masking plug, silicone|pcs|0.32
PKG Packaging and labels
CTN|Bike carton, long|pcs|14.80
CTS|Bike carton, compact|pcs|11.20
CTT|Trailer carton|pcs|7.90
PAL|Pallet 1200 × 2000|pcs|17.60
FOA|Foam corner|pcs|0.74
FIL|Stretch film|m|0.09
MAN|User manual, printed|pcs|2.35
LBL|Type label set|set|0.95
DEC|Decal set|set|4.80
TLB|Tool bag with three keys|pcs|5.70
SEA|Carton seal|pcs|0.08
FAS Fasteners
R410|Blind rivet 4.0 × 10, aluminium|pcs|0.04
R412|Blind rivet 4.8 × 12, aluminium|pcs|0.05
RN5|Rivet nut M5, steel|pcs|0.11
RN6|Rivet nut M6, steel|pcs|0.13
CT1|Cable tie 100 mm|pcs|0.02
CT2|Cable tie 200 mm|pcs|0.03
CLP|P-clip 8 mm|pcs|0.12
E20|Circlip 20 mm|pcs|0.09
SVC Services and shop supplies
CAL|Calibration of torque tools|h|84.00
FRT|Express freight|pcs|95.00
PPE|Work gloves, cut level C|pair|6.40
ABR|Abrasive disc 125 mm|pcs|1.90
EDU|Welding inspection|h|76.00
"""

_SCREW_LENGTHS = {"4": (8, 10, 12, 16, 20), "5": (10, 12, 16, 20, 25, 30), "6": (12, 16, 20, 25, 30, 40), "8": (16, 20, 25, 30, 40, 50)}  # fmt: skip


def _bought() -> tuple[dict[str, str], list[Item]]:
    groups: dict[str, str] = {}
    items: list[Item] = []
    for row in _BOUGHT.strip().splitlines():
        if "|" not in row:
            group, _, title = row.partition(" ")
            groups[group] = title
            continue
        key, name, unit, cost = row.split("|")
        kind = "inventory"
        if group == "SVC":
            kind = "generic" if unit == "h" or key == "FRT" else "catalogue"
        items.append(Item(f"{group}-{key}", name, unit, group, Decimal(cost), kind=kind))
    return groups, items + _fasteners()


def _fasteners() -> list[Item]:
    """Screws, nuts and washers of the usual sizes, priced by diameter and length."""
    rows: list[Item] = []
    for size, lengths in _SCREW_LENGTHS.items():
        for length in lengths:
            cost = Decimal(int(size) * 12 + length).scaleb(-3)
            name = f"Socket head screw M{size} × {length}, A2"
            rows.append(Item(f"FAS-S{size}{length}", name, "pcs", "FAS", cost))
    for size in ("4", "5", "6", "8", "10"):
        cost = Decimal(int(size) * 8).scaleb(-3)
        rows.append(Item(f"FAS-N{size}", f"Lock nut M{size}, A2", "pcs", "FAS", cost))
        rows.append(Item(f"FAS-W{size}", f"Washer M{size}, A2", "pcs", "FAS", cost / 4))
    return rows


GROUPS, BOUGHT = _bought()
"""Item groups by code, and everything that is bought."""

GROUP_OF_MADE = {"ASM": "Assemblies", "KIT": "Kits that pass through"}
