"""What the demo company sells, and what that is made of: products, variants, options, structure, rules of configuration.

Structure is written one parent a line: `parent: component quantity[@scrap percent], …`. A sold variant holds frame and
kits; what an option changes stands directly below the variant, because rules act there (ITM-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from buyside.integrations.demo_company.catalogue import BOUGHT, Item

PRODUCTS = (
    # code, name, covered from stock of finished goods first
    ("LH", "Longhaul two-wheeler, cargo in front", True),
    ("TR", "Trio tilting three-wheeler", True),
    ("PT", "Packtail longtail", True),
    ("KO", "Kompakt 20-inch", True),
    ("CP", "Courier Pro delivery bike", False),
    ("UT", "Urban Tour city bike", True),
    ("TL", "Hitch trailer", True),
    ("AC", "Accessories and spare parts", True),
    ("NX", "Nimble folding cargo bike", False),
)

_VARIANTS = """
LH-M|Longhaul, frame M
LH-L|Longhaul, frame L
LH-XL|Longhaul, frame XL
TR-U|Trio, one size
TR-HD|Trio Heavy, 250 kg
PT-S|Packtail, frame S
PT-M|Packtail, frame M
PT-L|Packtail, frame L
KO-U|Kompakt, one size
KO-LOW|Kompakt, low step
CP-M|Courier Pro, frame M
CP-L|Courier Pro, frame L
CP-XL|Courier Pro, frame XL
UT-S|Urban Tour, frame S
UT-M|Urban Tour, frame M
UT-L|Urban Tour, frame L
UT-XL|Urban Tour, frame XL
TL-60|Hitch 60, 60 kg
TL-90|Hitch 90, 90 kg
AC-RAIN|Rain cover for children, with poles
AC-BENCH|Child bench set, two seats
AC-WINTER|Winter tyre set 20" and 26"
AC-TOOL|Workshop set
AC-STRAP|Load securing set
NX-M|Nimble, frame M
"""
VARIANTS = tuple(tuple(row.split("|")) for row in _VARIANTS.strip().splitlines())
"""Stock keeping unit and name; the product is what stands before the hyphen."""

_COLOURS = ("Jet Black", "Anthracite", "Traffic White", "Pastel Blue", "Reseda Green", "Flame Red", "Traffic Yellow")
_POWDERS = ("RAL9005", "RAL7016", "RAL9016", "RAL5024", "RAL6011", "RAL3000", "RAL1023")
NEW_COLOUR = "Pearl Sand"
"""Sold since this season, and nobody has written a rule for it: it stands in the queue of what is not mapped (ITM-8)."""
UNMAPPED_VARIANT = "NX-M"
"""Sold before anybody entered its structure."""

_E_BIKES = ("LH", "TR", "PT", "KO", "CP", "UT")
OFFERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Colour": dict.fromkeys((*_E_BIKES, "NX"), (*_COLOURS, NEW_COLOUR)),
    "Motor": {
        "LH": ("85 Nm", "120 Nm"),
        "TR": ("85 Nm", "120 Nm"),
        "PT": ("65 Nm", "85 Nm"),
        "KO": ("65 Nm", "85 Nm"),
        "CP": ("85 Nm", "120 Nm"),
        "UT": ("65 Nm",),
    },
    "Battery": {
        "LH": ("500 Wh", "750 Wh", "2 × 750 Wh"),
        "TR": ("750 Wh", "1000 Wh"),
        "PT": ("500 Wh", "750 Wh"),
        "KO": ("500 Wh", "750 Wh"),
        "CP": ("750 Wh", "1000 Wh", "2 × 750 Wh"),
        "UT": ("500 Wh",),
    },
    "Gears": dict.fromkeys(("LH", "PT", "KO", "UT"), ("5-speed hub", "Stepless hub", "10-speed derailleur"))
    | {"TR": ("8-speed hub", "Stepless hub"), "CP": ("5-speed hub", "Stepless hub")},
    "Drive": dict.fromkeys(("LH", "PT", "KO", "CP", "UT"), ("Belt",)),
    "Brakes": dict.fromkeys(_E_BIKES, ("2 piston", "4 piston")),
    "Cargo": {
        "LH": ("Open platform", "Wooden box", "EPP tub", "Flight case"),
        "TR": ("Wooden box", "EPP tub", "Flight case"),
        "CP": ("Open platform", "Flight case", "Insulated box"),
        "PT": ("Pannier pair", "Safety ring"),
        "UT": ("Front basket",),
        "KO": ("Pannier pair", "Front basket"),
    },
    "Seating": {"LH": ("One child", "Two children"), "TR": ("One child", "Two children"), "PT": ("One child",)},
    "Cover": {"LH": ("Rain cover", "Tonneau"), "TR": ("Rain cover", "Tonneau"), "CP": ("Tonneau",)},
    "Lights": dict.fromkeys(_E_BIKES, ("Standard", "High beam")),
    "Extras": dict.fromkeys(
        ("LH", "TR", "CP", "PT"),
        ("Indicators", "Position tracker", "Alarm", "Phone mount", "Mirror", "Suspension fork"),
    )
    | dict.fromkeys(("KO", "UT"), ("Alarm", "Phone mount", "Mirror", "Dropper post")),
    "Charger": dict.fromkeys(_E_BIKES, ("Standard 2 A", "Fast 4 A", "Rapid 8 A")),
    "Tyres": dict.fromkeys(("LH", "TR"), ("Winter",)),
    "Drive unit": {"TL": ("Hub motor",)},
}
"""Option values by group and product. A value of the groups of `ALWAYS` is chosen on every line, others now and then."""
ALWAYS = ("Colour", "Motor", "Battery", "Gears", "Brakes", "Cargo", "Lights", "Charger")

_MADE = """
ASM-HT|Head tube, machined|1
ASM-HUBF|Front hub, assembled|1
ASM-WF20|Front wheel 20"|2
ASM-WF24|Front wheel 24"|2
ASM-WF27|Front wheel 27.5"|2
ASM-WR20|Rear wheel 20" without hub|2
ASM-WR26|Rear wheel 26" without hub|2
ASM-WR27|Rear wheel 27.5" without hub|2
ASM-WT20|Trailer wheel 20"|2
ASM-FK20|Fork 20", welded|3
ASM-FK27|Fork 27.5", welded|3
ASM-TILT|Tilting front end, welded|4
ASM-LINK|Steering linkage|1
ASM-LOOML|Wiring loom, long|1
ASM-LOOMS|Wiring loom, short|1
ASM-BOXW|Wooden cargo box|3
ASM-BOXI|Insulated cargo box|3
ASM-PLAT|Cargo platform|2
ASM-RACK|Rear rack, welded|2
ASM-TLF|Trailer frame, welded|3
ASM-TLB|Trailer body|2
ASM-PALP|Packing pallet with foam|1
"""
_PHANTOMS = """
KIT-W-LH|Wheels 20"/26"
KIT-W-TR|Wheels three-wheeler
KIT-W-PT|Wheels 20"/20", reinforced
KIT-W-KO|Wheels 20"/20"
KIT-W-UT|Wheels 27.5"
KIT-CKP|Cockpit
KIT-SEAT|Saddle and post
KIT-CHAIN|Chain drive
KIT-BELT|Belt drive
KIT-G5|Gears, 5-speed hub
KIT-G8|Gears, 8-speed hub
KIT-GCV|Gears, stepless hub
KIT-D10|Gears, 10-speed derailleur
KIT-BR2|Brakes, 2 piston
KIT-BR4|Brakes, 4 piston
KIT-M65|Motor kit 65 Nm
KIT-M85|Motor kit 85 Nm
KIT-M120|Motor kit 120 Nm
KIT-FASL|Fasteners, cargo bike
KIT-FASS|Fasteners, compact
KIT-PREP|Primer, clear coat and masking
KIT-PKL|Packing, long
KIT-PKS|Packing, compact
KIT-LIN|Linkage bearings
"""
_FRAMES = {
    # product: main tube, metres of it by size, side tube, metres, extra parts
    "LH": ("TUB-D50", {"M": "1.820", "L": "1.905", "XL": "1.985"}, "TUB-R40", "2.640", "FRM-RKB 1, FRM-BRL 1, FRM-BRC 1, FRM-MTB 1"),
    "TR": ("TUB-D60", {"U": "1.450", "HD": "1.520"}, "TUB-R50", "2.980", "FRM-TRI 1, FRM-TIL 2, FRM-BRL 1, FRM-BRC 1, FRM-MTB 1"),
    "PT": ("TUB-D45", {"S": "1.640", "M": "1.705", "L": "1.770"}, "TUB-D22", "3.150", "FRM-BRL 1, FRM-BRC 1, FRM-MTB 1"),
    "KO": ("TUB-D45", {"U": "1.340", "LOW": "1.395"}, "TUB-D22", "1.720", "FRM-BRL 1, FRM-BRC 1, FRM-MTB 1"),
    "CP": ("TUB-D60", {"M": "1.890", "L": "1.960", "XL": "2.035"}, "TUB-R50", "3.320", "FRM-RKB 2, FRM-BRL 2, FRM-BRC 2, FRM-MTB 1"),
    "UT": ("TUB-D40", {"S": "1.180", "M": "1.235", "L": "1.290", "XL": "1.345"}, "TUB-D22", "1.460", "FRM-BRL 1, FRM-BRC 1, FRM-MTB 1"),
}  # fmt: skip
_FRAME_COMMON = (
    "ASM-HT 1, TUB-D34 0.620@4, TUB-D28 0.940@4, TUB-WIRE 0.085@6, FRM-DOL 1, FRM-DOR 1, FRM-HAN 1, FRM-GUS 4@1, FRM-BOS 4, "
    "FRM-CGU 6, FRM-CPO 2, FRM-BSM 1, FRM-KSM 1, FRM-SCL 1, FRM-SRN 1, PNT-CUT 0.040"
)
_STRUCTURE = """
ASM-HT: TUB-B60 0.165@5, FRM-HDU 1, FRM-HDL 1, PNT-CUT 0.020
ASM-HUBF: WHL-HSH 1, WHL-HAX 1, WHL-HBR 2@0.5, WHL-HDS 1, PNT-GRE 0.012
ASM-WF20: ASM-HUBF 1, WHL-R20 1, WHL-SP18 36@2, WHL-NIP 36@2, WHL-TAP 1.600, WHL-T20 1, WHL-I20 1
ASM-WF24: ASM-HUBF 1, WHL-R24 1, WHL-SP22 32@2, WHL-NIP 32@2, WHL-TAP 1.900, WHL-T24 1, WHL-I24 1
ASM-WF27: ASM-HUBF 1, WHL-R27 1, WHL-SP27 32@2, WHL-NIP 32@2, WHL-TAP 2.150, WHL-T27 1, WHL-I27 1
ASM-WR20: WHL-R20 1, WHL-SP18 36@2, WHL-NIP 36@2, WHL-TAP 1.600, WHL-T20 1, WHL-I20 1
ASM-WR26: WHL-R26 1, WHL-SP25 36@2, WHL-NIP 36@2, WHL-TAP 2.050, WHL-T26 1, WHL-I26 1
ASM-WR27: WHL-R27 1, WHL-SP27 32@2, WHL-NIP 32@2, WHL-TAP 2.150, WHL-T27 1, WHL-I27 1
ASM-WT20: WHL-HTR 1, WHL-R20 1, WHL-SP18 36@2, WHL-NIP 36@2, WHL-TAP 1.600, WHL-T20 1, WHL-I20 1
ASM-FK20: STR-LEG 2, STR-CRN 1, TUB-C28 0.310@5, STR-TAX 1, TUB-WIRE 0.030@6, FRM-BSM 1
ASM-FK27: STR-LEG 2, STR-CRN 1, TUB-C28 0.260@5, STR-TAX 1, TUB-C25 0.180@5, TUB-WIRE 0.030@6, FRM-BSM 1
ASM-TILT: TUB-R50 1.240@4, TUB-B20 0.640@4, STR-BSH 4, STR-DMP 1, TUB-WIRE 0.060@6, FRM-BSM 2, STR-TAX 2
KIT-LIN: STR-ROD 1, STR-RDL 1, STR-BSH 2, FAS-N8 2
ASM-LINK: KIT-LIN 1, TUB-D22 1.250@3, STR-CAB 1, STR-PUL 1, PNT-GRE 0.006
ASM-LOOML: ELE-W2 4.200@3, ELE-W4 2.600@3, ELE-W6 1.900@3, ELE-CN2 4, ELE-CN4 3, ELE-CN6 1, ELE-HS6 0.600@5, ELE-HS12 0.400@5, ELE-LOO 2.800@3
ASM-LOOMS: ELE-W2 2.700@3, ELE-W4 1.700@3, ELE-W6 1.200@3, ELE-CN2 3, ELE-CN4 2, ELE-CN6 1, ELE-HS6 0.400@5, ELE-HS12 0.300@5, ELE-LOO 1.700@3
ASM-BOXW: BOX-PLY9 0.620@8, BOX-EDG 4.800@4, BOX-COR 8, FAS-R412 32@2, FAS-S516 16, FAS-N5 16, BOX-MAT 0.700@3, BOX-REF 1.200, ELE-BOXL 1
ASM-BOXI: BOX-PLY6 0.840@8, BOX-INS 0.900@6, BOX-EDG 5.600@4, BOX-COR 8, BOX-LID 1, BOX-HNG 2, BOX-GAS 2, BOX-LKC 1, BOX-RUB 3.100@3, FAS-R412 44@2
ASM-PLAT: TUB-A5 0.380@10, TUB-R40 2.200@4, TUB-WIRE 0.040@6, BOX-STR 2, FAS-S625 8, FAS-N6 8, FAS-W6 16
ASM-RACK: TUB-D22 2.750@4, TUB-F20 0.600@4, TUB-WIRE 0.030@6, FRM-RKB 1
ASM-TLF: TUB-S30 4.150@4, TUB-R40 1.350@4, TUB-F40 0.480@4, TUB-WIRE 0.070@6, FRM-DOT 4, FRM-HIT 1, FRM-SRN 1, PNT-PRM 0.180, PNT-RAL9005 0.260@8
ASM-TLB: TUB-A2 0.450@9, BOX-EDG 3.300@4, FAS-R410 48@2, BOX-TON 1, BOX-REF 2.400, BOX-MAT 0.900@3
ASM-PALP: PKG-PAL 1, PKG-FOA 8
KIT-W-LH: ASM-WF20 1, ASM-WR26 1, WHL-MG20 1, WHL-MG26 1, WHL-STY 4
KIT-W-TR: ASM-WF20 2, ASM-WR26 1, WHL-MG20 2, WHL-MG26 1, WHL-STY 6
KIT-W-PT: ASM-WF20 1, ASM-WR20 1, WHL-MG20 2, WHL-STY 4
KIT-W-KO: ASM-WF24 1, ASM-WR20 1, WHL-MG24 1, WHL-MG20 1, WHL-STY 4
KIT-W-UT: ASM-WF27 1, ASM-WR27 1, WHL-MG27 2, WHL-STY 4
KIT-CKP: CKP-BAR 1, CKP-STM 1, CKP-BEL 1, STR-HSU 1, STR-HSL 1, STR-SPC 1, STR-STP 1, CKP-HCV 1, ELE-REM 1, ELE-USB 1
KIT-SEAT: SAT-SAD 1, SAT-POS 1, SAT-CLA 1
KIT-CHAIN: DRV-CR42 1, DRV-CHN 1, DRV-CHL 1, DRV-CHG 1, DRV-CHT 1, PNT-CHO 0.010
KIT-BELT: DRV-BLT 1, DRV-BLF 1, DRV-BLR 1, DRV-BLG 1
KIT-G5: DRV-G5 1, DRV-SH5 1, DRV-SPR 1, CKP-GRS 1, DRV-SCB 1, DRV-SHO 2.100@3
KIT-G8: DRV-G8 1, DRV-SH8 1, DRV-SPR 1, CKP-GRS 1, DRV-SCB 1, DRV-SHO 2.400@3
KIT-GCV: DRV-GCV 1, DRV-SHC 1, DRV-SPR 1, CKP-GRS 1, DRV-SCB 2, DRV-SHO 4.200@3
KIT-D10: DRV-D10 1, DRV-CS10 1, DRV-FH10 1, DRV-SH10 1, CKP-GRP 1, DRV-SCB 1, DRV-SHO 1.900@3
KIT-BR2: BRK-H2F 1, BRK-H2R 1, BRK-D180 2, BRK-BDB 2, BRK-AD20 1, BRK-OLV 2, BRK-FLU 0.060, BRK-LEV 1
KIT-BR4: BRK-H4F 1, BRK-H4R 1, BRK-D203 2, BRK-BDB 2, BRK-AD43 2, BRK-OLV 2, BRK-HOS 2.400@3, BRK-FLU 0.080, BRK-LEV 1, BRK-PADS 1
KIT-M65: MOT-M65 1, MOT-MCV 1, MOT-MBO 1, MOT-SPD 1, MOT-MGN 1, DRV-CRK 1, DRV-PED 1, PNT-THL 0.003
KIT-M85: MOT-M85 1, MOT-MCV 1, MOT-MBO 1, MOT-SPD 1, MOT-MGN 1, DRV-CRK 1, DRV-PED 1, PNT-THL 0.003
KIT-M120: MOT-M120 1, MOT-MCV 1, MOT-MBO 2, MOT-SPD 1, MOT-MGN 1, DRV-CRS 1, DRV-PED 1, PNT-THL 0.004
KIT-FASL: FAS-S410 6, FAS-S412 4, FAS-S512 14, FAS-S516 10, FAS-S520 8, FAS-S616 12, FAS-S620 8, FAS-S630 4, FAS-S820 6, FAS-S830 4, FAS-N4 6, FAS-N5 18, FAS-N6 16, FAS-N8 8, FAS-W4 10, FAS-W5 24, FAS-W6 24, FAS-W8 10, FAS-RN5 8@1, FAS-RN6 6@1, FAS-CT1 14, FAS-CT2 6, FAS-CLP 4, FAS-E20 2
KIT-FASS: FAS-S48 4, FAS-S410 4, FAS-S510 10, FAS-S512 8, FAS-S525 4, FAS-S612 8, FAS-S640 2, FAS-S816 4, FAS-S825 2, FAS-N4 4, FAS-N5 12, FAS-N6 8, FAS-N8 4, FAS-W4 6, FAS-W5 16, FAS-W6 12, FAS-W8 6, FAS-RN5 6@1, FAS-CT1 10, FAS-CT2 4
KIT-PREP: PNT-PRM 0.240@6, PNT-CLR 0.190@6, PNT-MSK 12@5, PNT-CLN 0.120
KIT-PKL: PKG-CTN 1, ASM-PALP 1, PKG-FIL 9.000, PKG-MAN 1, PKG-LBL 1, PKG-DEC 1, PKG-TLB 1, PKG-SEA 2
KIT-PKS: PKG-CTS 1, PKG-FOA 4, PKG-FIL 4.000, PKG-MAN 1, PKG-LBL 1, PKG-DEC 1, PKG-TLB 1, PKG-SEA 2
TL: ASM-TLF 1, ASM-TLB 1, ASM-WT20 2, BOX-STR 2, ELE-LR 1, FAS-S630 6, FAS-N6 6, FAS-W6 12, PKG-CTT 1, PKG-MAN 1, PKG-LBL 1
TL-90: ASM-TLF 1, ASM-TLB 1, ASM-WT20 2, BOX-STR 4, ELE-LR 1, TUB-F40 0.900@4, BOX-PLY6 0.300@6, FAS-S640 8, FAS-N6 8, FAS-W6 16, PKG-CTT 1, PKG-MAN 1, PKG-LBL 1
AC-RAIN: BOX-RCV 1, BOX-POL 3.600@2, PKG-CTS 1
AC-BENCH: SAT-BN2 1, SAT-BLT3 2, SAT-CUS 1, FAS-S616 6, FAS-N6 6, PKG-CTS 1
AC-WINTER: WHL-W20 1, WHL-W26 1, PKG-LBL 1
AC-TOOL: PKG-TLB 1, FAS-CT2 20, PNT-CHO 0.250, PNT-GRE 0.100, BRK-PAD 2
AC-STRAP: BOX-STR 4, BOX-DIV 1, BOX-MAT 0.600
"""
_KITS_OF_PRODUCT = {
    "LH": "ASM-FK20 1, ASM-LINK 1, KIT-W-LH 1, KIT-FASL 1, ASM-LOOML 1, KIT-PKL 1",
    "TR": "ASM-TILT 1, ASM-LINK 1, KIT-W-TR 1, KIT-FASL 1, ASM-LOOML 1, KIT-PKL 1, DRV-DIF 1, DRV-AXR 2",
    "PT": "ASM-FK20 1, ASM-RACK 1, KIT-W-PT 1, KIT-FASL 1, ASM-LOOMS 1, KIT-PKL 1, SAT-FOT 1",
    "KO": "ASM-FK20 1, ASM-RACK 1, KIT-W-KO 1, KIT-FASS 1, ASM-LOOMS 1, KIT-PKS 1",
    "CP": "ASM-FK20 1, ASM-LINK 1, KIT-W-LH 1, KIT-FASL 2, ASM-LOOML 1, KIT-PKL 1, ELE-HRN 1",
    "UT": "ASM-FK27 1, ASM-RACK 1, KIT-W-UT 1, KIT-FASS 1, ASM-LOOMS 1, KIT-PKS 1",
}
_KITS_OF_ALL = "KIT-CKP 1, KIT-SEAT 1, KIT-CHAIN 1, KIT-PREP 1, CKP-BOT 1, BRK-PAD 1, BOX-REF 0.500"

_RULES = """
GEAR5|Gears=5-speed hub|add|KIT-G5||1
GEAR8|Gears=8-speed hub|add|KIT-G8||1
GEARCV|Gears=Stepless hub|add|KIT-GCV||1
GEAR10|Gears=10-speed derailleur|add|KIT-D10||1
BELT|Drive=Belt|replace|KIT-CHAIN|KIT-BELT|
BRAKE2|Brakes=2 piston|add|KIT-BR2||1
BRAKE4|Brakes=4 piston|add|KIT-BR4||1
BRAKE4P|Brakes=4 piston|remove|BRK-PAD||
MOTOR65|Motor=65 Nm|add|KIT-M65||1
MOTOR85|Motor=85 Nm|add|KIT-M85||1
MOTOR120|Motor=120 Nm|add|KIT-M120||1
MOTOR120F|Motor=120 Nm|scale|CKP-BOT||2
BAT500|Battery=500 Wh|add|MOT-B500||1
BAT750|Battery=750 Wh|add|MOT-B750||1
BAT1000|Battery=1000 Wh|add|MOT-B1000||1
BATDUAL|Battery=2 × 750 Wh|add|MOT-B750||2
BATDUALC|Battery=2 × 750 Wh|add|MOT-BSC||1
BATDUALM|Battery=2 × 750 Wh|add|MOT-BMT||2
BAT500M|Battery=500 Wh|add|MOT-BMT||1
BAT750M|Battery=750 Wh|add|MOT-BMT||1
BAT1000M|Battery=1000 Wh|add|MOT-BMT||1
BATKEY|Battery=2 × 750 Wh|add|MOT-BKY||2
BAT750K|Battery=750 Wh|add|MOT-BKY||1
CARGOP|Cargo=Open platform|add|ASM-PLAT||1
CARGOW|Cargo=Wooden box|add|ASM-BOXW||1
CARGOE|Cargo=EPP tub|add|BOX-EPP||1
CARGOF|Cargo=Flight case|add|BOX-FLC||1
CARGOFP|Cargo=Flight case|add|ASM-PLAT||1
CARGOI|Cargo=Insulated box|add|ASM-BOXI||1
CARGON|Cargo=Pannier pair|add|BOX-PAN||2
CARGOB|Cargo=Front basket|add|BOX-BAS||1
CARGOR|Cargo=Safety ring|add|SAT-RNG||1
SEAT1|Seating=One child|add|SAT-BN1||1
SEAT1B|Seating=One child|add|SAT-BLT3||1
SEAT2|Seating=Two children|add|SAT-BN2||1
SEAT2B|Seating=Two children|add|SAT-BLT3||2
SEAT2C|Seating=Two children;Cargo=Wooden box|add|SAT-CUS||2
SEATREF|Seating=Two children|scale|BOX-REF||3
COVERR|Cover=Rain cover|add|BOX-RCV||1
COVERRP|Cover=Rain cover|add|BOX-POL||3.6
COVERT|Cover=Tonneau|add|BOX-TON||1
LIGHTS|Lights=Standard|add|ELE-LF50||1
LIGHTSR|Lights=Standard|add|ELE-LR||1
LIGHTH|Lights=High beam|add|ELE-LF100||1
LIGHTHR|Lights=High beam|add|ELE-LRB||1
INDIC|Extras=Indicators|add|ELE-IND||1
INDICC|Extras=Indicators|add|ELE-CTR||1
TRACK|Extras=Position tracker|add|ELE-GPS||1
ALARM|Extras=Alarm|add|ELE-ALR||1
PHONE|Extras=Phone mount|add|CKP-PHO||1
MIRROR|Extras=Mirror|add|CKP-MIR||1
SUSP|Extras=Suspension fork|replace|ASM-FK20|STR-SUS|
DROP|Extras=Dropper post|add|SAT-POD||1
CHARGE2|Charger=Standard 2 A|add|MOT-C2A||1
CHARGE4|Charger=Fast 4 A|add|MOT-C4A||1
CHARGE8|Charger=Rapid 8 A|add|MOT-C8A||1
WINTER|Tyres=Winter|add|WHL-W20||1
WINTERR|Tyres=Winter|add|WHL-W26||1
TLMOTOR|Drive unit=Hub motor|add|MOT-HUBM||1
TLBATT|Drive unit=Hub motor|add|MOT-B500||1
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One BOM row without its dates."""

    kind: str
    parent: str
    component: str
    quantity: Decimal
    scrap: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of configuration; `product` is empty where it holds for all."""

    code: str
    product: str
    when: tuple[tuple[str, str], ...]
    behaviour: str
    component: str
    replacement: str
    quantity: Decimal | None


def _components(text: str) -> list[tuple[str, Decimal, Decimal]]:
    parsed = []
    for part in text.split(","):
        code, quantity = part.split()
        amount, _, scrap = quantity.partition("@")
        parsed.append((code, Decimal(amount), Decimal(scrap or 0)))
    return parsed


def _structure() -> list[Row]:
    products, variants = {row[0] for row in PRODUCTS}, {row[0] for row in VARIANTS}
    rows: list[Row] = []

    def put(parent: str, text: str) -> None:
        kind = "product" if parent in products else "variant" if parent in variants else "item"
        rows.extend(Row(kind, parent, *component) for component in _components(text))

    for line in _STRUCTURE.strip().splitlines():
        put(*line.split(": "))
    for product, (main, metres, side, side_metres, extra) in _FRAMES.items():
        for size, length in metres.items():
            put(
                f"ASM-{product}F-{size}",
                f"{main} {length}@4, {side} {side_metres}@4, FRM-BBS 1, {extra}, {_FRAME_COMMON}",
            )
            put(f"{product}-{size}", f"ASM-{product}F-{size} 1, {_KITS_OF_PRODUCT[product]}, {_KITS_OF_ALL}")
    return rows


def _made() -> list[Item]:
    costs = {item.code: item.cost for item in BOUGHT}
    names = [(*row.split("|"), "make") for row in _MADE.strip().splitlines()]
    names += [(*row.split("|"), "0", "phantom") for row in _PHANTOMS.strip().splitlines()]
    names += [
        (f"ASM-{product}F-{size}", f"Frame {product} {size}, welded", "5", "make")
        for product, (_, metres, *_rest) in _FRAMES.items()
        for size in metres
    ]
    below: dict[str, list[Row]] = {}
    for row in STRUCTURE:
        below.setdefault(row.parent, []).append(row)

    def cost_of(code: str) -> Decimal:
        if code not in costs:
            parts = (row.quantity * (1 + row.scrap / 100) * cost_of(row.component) for row in below[code])
            costs[code] = sum(parts, Decimal(0)).quantize(Decimal("0.01"))
        return costs[code]

    return [
        Item(code, name, "pcs", code[:3], cost_of(code), supply=supply, make_days=int(days))
        for code, name, days, supply in names
    ]


def _rules() -> list[Rule]:
    rules = []
    for row in _RULES.strip().splitlines():
        code, when, behaviour, component, replacement, quantity = row.split("|")
        conditions = tuple(tuple(each.split("=", 1)) for each in when.split(";"))
        amount = Decimal(quantity) if quantity else None
        rules.append(Rule(code, "", conditions, behaviour, component, replacement, amount))  # type: ignore[arg-type]
    for product in _E_BIKES:
        area = Decimal("0.42") if product in {"LH", "TR", "CP"} else Decimal("0.28")
        for colour, powder in zip(_COLOURS, _POWDERS, strict=True):
            code = f"COLOUR-{product}-{powder}"
            rules.append(Rule(code, product, (("Colour", colour),), "add", f"PNT-{powder}", "", area))
    return rules


STRUCTURE = _structure()
MADE = _made()
RULES = _rules()
ITEMS = [*BOUGHT, *MADE]
"""Every procurement item: bought, made and phantom."""

DISPLAY, NEXT_DISPLAY = "ELE-DSP", "ELE-DSP2"
"""The cockpit's display, and the one that replaces it from the first of next month on."""
DISPLAY_KIT = "KIT-CKP"
