"""A small pack that uses every file and every column, for tests to write, break and load."""

from collections.abc import Iterable
from pathlib import Path

SAMPLE: dict[str, str] = {
    "warehouses": "code,name,allow_negative\nMAIN,Main works,\nYARD,Yard,true\n",
    "units": "code,name,category,factor,digits\nEA,Each,count,1,0\nDZ,Dozen,count,12,0\nM,Metre,length,1,3\nCM,Centimetre,length,0.01,1\nBOX,Box,box,1,0\n",
    "items": (
        "code,name,unit,kind,supply,group,safety_stock,reorder_point,order_up_to,lot_policy,period_days,make_lead_days,"
        "inspection,over_receipt_pct,standard_cost,warehouse,active\n"
        'BOLT,"Bolt, 6""",EA,inventory,buy,fasteners,10,20,200,lot_for_lot,,,true,5,0.125,MAIN,true\n'
        "TUBE,Tube,M,inventory,buy,,,,,period,7,,,,4.5,,\n"
        "FRAME,Frame,EA,inventory,make,welded,2,,,,,3,,,,MAIN,\n"
        "KIT,Kit,EA,inventory,phantom,,,,,,,,,,,,\n"
        "PAINT,Paint,EA,inventory,buy,,,,,fixed_multiple,,,,0,12,,\n"
        "LABEL,Etikette „Größe“,EA,generic,buy,,,,,,,,,,,,false\n"
    ),
    "vendors": (
        "code,name,currency,status,tax_id,language,payment_terms,email\n"
        "ACME,Acme,EUR,active,DE123,de,30 days,buy@acme.example\nTUBES,Tubes & Co,USD,on_hold,,,,\nYEN,Yen Works,JPY,active,,ja,30 days,\n"
    ),
    "vendor_items": (
        "vendor,item,vendor_part,purchase_unit,unit_factor,lead_days,moq,multiple,preference,share_pct,valid_from,valid_to\n"
        "ACME,BOLT,A-1,DZ,,7,2,1,1,60,,2026-06-30\nACME,BOLT,A-2,DZ,12,9,,,1,,2026-07-01,\n"
        "TUBES,TUBE,,CM,,14,100,50,2,,,\nYEN,BOLT,,BOX,144,30,,,3,40,2026-01-01,2026-12-31\nYEN,PAINT,,,,5,,,,,,\n"
    ),
    "price_breaks": (
        "vendor,item,from_qty,unit_price,currency,valid_from,valid_to\n"
        "ACME,BOLT,0,1.2345,EUR,,2026-06-30\nACME,BOLT,10,1.1,EUR,,2026-06-30\nACME,BOLT,0,1.3,EUR,2026-07-01,\n"
        "TUBES,TUBE,0.5,0.031,USD,,\n"
    ),
    "products": "code,name,cover_from_stock\nBIKE,Bike,\nTRIKE,Trike,false\n",
    "variants": "sku,product,name\nBIKE-S,BIKE,Bike small\nBIKE-L,BIKE,Bike large\nTRIKE-1,TRIKE,Trike\n",
    "options": "product,group,value\nBIKE,colour,red\nBIKE,colour,blue\nBIKE,bell,yes\nTRIKE,colour,red\n",
    "bom": (
        "parent_kind,parent,component,qty,scrap_pct,valid_from,valid_to\n"
        "variant,BIKE-S,FRAME,1,,,\nproduct,BIKE,KIT,1,,,\nitem,FRAME,TUBE,2.25,3.5,,2026-06-30\n"
        "item,FRAME,TUBE,2.2,3.5,2026-07-01,\nitem,KIT,BOLT,12,,,\nproduct,TRIKE,FRAME,1,,,\n"
    ),
    "rules": (
        "code,product,sku,when,behaviour,component,replacement,qty,priority\n"
        "R1,BIKE,,colour=red,add,PAINT,,0.2,\nR2,,BIKE-L,colour=blue;bell=yes,replace,KIT,FRAME,,5\n"
        "R3,,,bell=yes,scale,BOLT,,1.5,-1\nR4,TRIKE,,colour=red,remove,FRAME,,,\n"
    ),
    "sales_orders": (
        "number,customer,status,approved_at,warehouse\nS-1,Miller,approved,2026-03-01T08:00:00Z,MAIN\n"
        'S-2,"Smith; ""Sons""",draft,,MAIN\nS-3,Jones,approved,2026-03-02T10:30:00.25+02:00,YARD\n'
    ),
    "sales_order_lines": (
        "order,line,sku,qty,needed_by,options,fulfilled_qty\nS-1,1,BIKE-S,3,2026-04-01,colour=red;bell=yes,1\n"
        "S-1,2,BIKE-L,0.001,2026-04-15,,\nS-2,1,TRIKE-1,5,2026-05-01,colour=red,\nS-3,7,BIKE-L,2,2026-05-02,colour=blue;bell=yes,2\n"
    ),
    "stock": (
        "warehouse,kind,code,qty,unit_cost,date\nMAIN,item,BOLT,500,0.1,2026-01-05\nMAIN,item,TUBE,12.345678,4.123457,2026-01-06\n"
        "YARD,item,BOLT,-3,,2026-01-05\nMAIN,variant,BIKE-S,2,300,2026-01-07\nMAIN,item,PAINT,0,,2026-01-05\n"
    ),
    "contracts": "number,vendor,currency,valid_from,valid_to,amount\nC-1,ACME,EUR,2026-01-01,2026-12-31,10000\n",
    "contract_items": "contract,item,qty,unit_price\nC-1,BOLT,1000,1.05\n",
    "purchase_orders": (
        "number,vendor,currency,status,warehouse,ordered_on,contract\nP-1,ACME,EUR,partly_received,MAIN,2026-02-01,C-1\n"
        "P-2,TUBES,USD,issued,MAIN,2026-02-02,\nP-3,YEN,JPY,draft,YARD,,\nP-4,ACME,EUR,closed,MAIN,2026-08-01,\n"
    ),
    "purchase_order_lines": (
        "order,line,item,qty,unit_price,received_qty,rejected_qty,expected_on,promised_on\n"
        "P-1,1,BOLT,100,1.2345,40,2,2026-03-01,2026-03-05\nP-1,2,PAINT,3,12.005,,,2026-03-01,\n"
        "P-2,1,TUBE,2500,0.0315,,,2026-03-10,\nP-3,1,PAINT,7,1200.5,,,,\nP-4,1,BOLT,20,1.3,21,,2026-08-20,\n"
    ),
}


def write_pack(folder: Path, files: dict[str, str | bytes] | None = None, *, leave_out: Iterable[str] = ()) -> Path:
    """Write the sample with some files replaced or left out. Answers with the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (SAMPLE | (files or {})).items():
        if name not in leave_out:
            text = content.encode() if isinstance(content, str) else content
            (folder / f"{name}.csv").write_bytes(text)
    return folder
